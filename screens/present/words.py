"""Numbers and times as words: ages, countdowns, clocks, percentages. Rates are fractions until they get here."""

from datetime import datetime, timedelta

from cockpit.desk.views import Freshness
from cockpit.health.model import Verdict
from screens.present.lines import Span, Tone

GLYPHS = {
    Verdict.FAIL: "✖",
    Verdict.WARN: "▲",
    Verdict.UNKNOWN: "?",
    Verdict.INFO: "i",
    Verdict.OK: "●",
    Verdict.NA: "·",
}

TONES = {
    Verdict.FAIL: Tone.FAIL,
    Verdict.WARN: Tone.WARN,
    Verdict.UNKNOWN: Tone.UNKNOWN,
    Verdict.INFO: Tone.INFO,
    Verdict.OK: Tone.OK,
    Verdict.NA: Tone.MUTED,
}

RUNNING = "…"
DONE = "✔"
PAUSED = "⏸"


def glyph(verdict: Verdict, freshness: Freshness = Freshness.FRESH) -> Span:
    """The verdict's sign; a value that has gone silent is never shown in its old colour, nor ever as good."""
    if freshness is Freshness.SILENT:
        return (GLYPHS[verdict] if verdict.rank < Verdict.UNKNOWN.rank else "?", Tone.MUTED)
    return (GLYPHS[verdict], TONES[verdict])


def span_words(length: timedelta) -> str:
    """A length of time in its largest unit: `12s`, `4m`, `3h`, `2d`; a negative one counts as zero."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    if seconds < 48 * 3600:
        return f"{seconds // 3600}h"
    return f"{seconds // 86400}d"


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was, in at most four characters for a year or less; nothing known is `–`."""
    return span_words(now - moment) if moment is not None else "–"


def age_tone(freshness: Freshness) -> Tone:
    """Grey while fresh, amber when late, grey again when silent (the words then say "no data")."""
    return Tone.WARN if freshness is Freshness.LATE else Tone.MUTED


def countdown(due: datetime, now: datetime) -> tuple[str, Tone]:
    """Time left until `due` as `4:19` or `1:04:19`; past it `2:10 over`, in the tone that says how urgent it is."""
    left = int((due - now).total_seconds())
    text = clock_length(timedelta(seconds=abs(left)))
    if left < 0:
        return (f"{text} over", Tone.FAIL)
    return (text, Tone.WARN if left < 120 else Tone.PLAIN)


def clock_length(length: timedelta) -> str:
    """A length as `m:ss`, or `h:mm:ss` from an hour on."""
    seconds = max(0, int(length.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def elapsed(start: datetime, now: datetime) -> str:
    """How long something has lasted, as `00:07:41`; from four days on as `5d 03h`."""
    return elapsed_words(now - start)


def elapsed_words(length: timedelta) -> str:
    """A length as `00:07:41`; from four days on as `5d 03h`."""
    seconds = max(0, int(length.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    if hours >= 96:
        return f"{hours // 24}d {hours % 24:02}h"
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"


def utc(moment: datetime) -> str:
    """The time of day in UTC, as `14:03:22Z`."""
    return moment.strftime("%H:%M:%SZ")


def hour(moment: datetime, now: datetime) -> str:
    """`14:03` for today (UTC), `20 Nov` for another day."""
    return moment.strftime("%H:%M") if moment.date() == now.date() else moment.strftime("%d %b")


def percent(fraction: float | None, digits: int = 2) -> str:
    """A fraction as percent, e.g. `2.31 %`; unknown is `– %`, never zero."""
    return "– %" if fraction is None else f"{fraction * 100:.{digits}f} %"


def bare_percent(fraction: float) -> str:
    """A threshold in percent without its sign, as short as it can be: `5`, `.1`, `.05`."""
    text = f"{fraction * 100:.3f}".rstrip("0").rstrip(".")
    return text[1:] if text.startswith("0.") else text


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 service`, `2 services`."""
    return f"{number} {one if number == 1 else many or one + 's'}"

"""`cockpit diff`: what changed at a domain since it was last good."""

from datetime import UTC, datetime

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import GLYPHS, as_json, say
from cockpit.cli.session import Session
from cockpit.config.edit import domain_name
from cockpit.desk.health.past import Hour
from cockpit.health.changes import Change, Diff
from cockpit.incident.entry import parse_time_words
from cockpit.text import visible

NO_RECORD = "(no record)"


@click.command(cls=Command, example="cockpit diff shop.example --since yesterday\\ 23:50")
@click.argument("domain", metavar="DOMAIN")
@click.option("--since", "words", metavar="TIME", help="Every step since then: 14:02, -2h, yesterday 23:50.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(session: Session, domain: str, words: str | None, json_wanted: bool) -> int:
    """Say what changed at a domain since it was last good, record by record, from what was recorded.

    Exit code 0: nothing changed. 1: something did.
    """
    name = domain_name(domain)
    with session.desk() as desk:
        moment = None if words is None else _moment(words, desk.clock.now())
        past = desk.past
        diff, clearing = past.changes(name, moment), past.clearing(name)
        hours = [each for each in past.hours(name, moment) if each.verdict.rank <= 1] if moment else []
        known, now = bool(past.records(name)), desk.clock.now()
    if json_wanted:
        as_json(
            {"domain": name, "since": moment, "known": known, "diff": diff, "clearing": clearing, "hours": hours}
        )
    else:
        _print(name, diff, clearing.words(now) if clearing else "", hours, moment, known=known)
    return 1 if diff.changes else 0


def _moment(words: str, now: datetime) -> datetime:
    """A time as people write it; an age may stand without its minus."""
    text = words.strip()
    if text[:1].isdigit() and text[-1:] in "smhd":
        text = f"-{text}"
    return parse_time_words(text, now, UTC)


def _print(
    name: str, diff: Diff, clearing: str, hours: list[Hour], moment: datetime | None, *, known: bool
) -> None:
    if not known:
        say(f"{name}: no record was written down yet; a watch does that: cockpit watch")
        return
    say(f"{name}: {_summary(diff, moment)}")
    for change in diff.changes:
        _print_change(change)
    if diff.never_good:
        say(f"  never seen good: {visible(', '.join(diff.never_good))}")
    if clearing:
        say(f"  {clearing}")
    for hour in hours:
        say(f"  {hour.hour:%Y-%m-%d %H:00Z} {GLYPHS[hour.verdict]} {hour.check}  {visible(hour.headline)}")


def _summary(diff: Diff, moment: datetime | None) -> str:
    number = len(diff.changes)
    counted = f"{number or 'no'} change{'' if number == 1 else 's'}"
    if moment is not None:
        return f"{counted} since {_time(moment)}"
    if diff.bad_since is None:
        return "every record that was ever good is good" if diff.never_good else "every record is good"
    good = f"last seen good at {_time(diff.good_at)}, " if diff.good_at else ""
    return f"{good}bad since {_time(diff.bad_since)}, {counted}"


def _print_change(change: Change) -> None:
    because = f"  {visible(change.because)}" if change.because else ""
    say(f"  {visible(change.record)} {visible(change.type)}")
    if change.old is not None:
        until = f"  last seen {_time(change.old_at)}" if change.old_at else ""
        say(f"    - {visible(change.old) or NO_RECORD}{until}")
    say(f"    + {visible(change.new) or NO_RECORD}  since {_time(change.at)}{because}")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"

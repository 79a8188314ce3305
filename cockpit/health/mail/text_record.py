"""What goes wrong with TXT records of any kind on the way from a to-do list into a zone."""

from collections.abc import Sequence

from cockpit.health.dkim_expected import RECORD_TTL_S, txt_record
from cockpit.health.mail.asking import Asker, Kind, Told
from cockpit.health.mail.names import same
from cockpit.health.mail.notes import Note, note
from cockpit.health.model import Verdict

__all__ = ["RECORD_TTL_S", "damaged", "doubled", "mixed_ttls", "txt_record", "wildcard"]

_CURLY = "“”„‟‘’«»"
_INVISIBLE = ("\\u{feff}", "\\u{200b}", "\\u{a0}", "\u00a0")


def damaged(told: Told, begins: str, kind: str) -> list[Note]:
    """Notes on values that are meant as a record of this kind and are not one as they stand.

    `begins` is how such a record begins, e.g. `v=spf1`; `kind` is what people call it.
    """
    notes = []
    for value in told.values:
        core = value.strip()
        for mark in (*_INVISIBLE, *_CURLY, '"', "'"):
            core = core.removeprefix(mark).removesuffix(mark).strip()
        if not core.lower().startswith(begins.lower()):
            continue
        mended = core.replace("\\;", ";").replace("\\", "")
        for mark in _CURLY:
            mended = mended.replace(mark, "")
        if "\\;" in value or any(mark in value for mark in _CURLY) or value.startswith(('"', "'")):
            notes.append(_escaped(told, value, mended, kind))
        elif value != core and not value.lower().startswith(begins.lower()):
            notes.append(_led(told, value, mended, kind))
    return notes


def _escaped(told: Told, value: str, mended: str, kind: str) -> Note:
    return note(
        Verdict.FAIL,
        "escaped",
        f"the zone editor put escapes or quotes into {told.name}",
        f"{told.name} TXT is {value[:200]}: the backslashes or quotes are part of what receivers read.",
        f"The {kind} record without them.",
        "Enter the text below without backslashes and with no quotes other than those your zone file needs.",
        txt_record(told.name, mended),
    )


def _led(told: Told, value: str, mended: str, kind: str) -> Note:
    return note(
        Verdict.FAIL,
        "leading",
        f"something stands before the {kind} record at {told.name}",
        f"{told.name} TXT begins with a space or an invisible character: {value[:60]!r}. Receivers ignore it.",
        f"A {kind} record that begins with its version.",
        "Enter the text below; take care to paste nothing before it.",
        txt_record(told.name, mended),
    )


def mixed_ttls(told: Told) -> list[Note]:
    """A note when the members of a record set have different TTLs (RFC 2181 section 5.2)."""
    if not told.ttls_differ:
        return []
    return [
        note(
            Verdict.WARN,
            "ttls-differ",
            f"the {told.rtype} records at {told.name} have different TTLs",
            f"The {told.rtype} records at {told.name} have different TTLs: parts of it may be forgotten early.",
            "One TTL for the whole set (RFC 2181 section 5.2).",
            "Give all of them the same TTL.",
        )
    ]


async def doubled(asker: Asker, name: str, domain: str) -> bool:
    """Whether the record was published as `name.domain.domain`: the zone editor added the domain once more."""
    told = await asker.ask(f"{name}.{domain}", "TXT")
    if told.kind is not Kind.ANSWER:
        return False
    # A wildcard answers every name below; then this says nothing.
    stray = await asker.ask(f"wildcard-{len(name)}-probe.{domain}.{domain}", "TXT")
    return stray.kind is not Kind.ANSWER


def wildcard(told: Told, foreign: Sequence[str]) -> bool:
    """Whether what answers is of another kind, as when a wildcard TXT answers for every name (RFC 4592)."""
    return (
        bool(told.values)
        and all(any(value.lower().startswith(begin) for begin in foreign) for value in told.values)
        and not any(same(told.name, alias) for alias in told.aliases)
    )

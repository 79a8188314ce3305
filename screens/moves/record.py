"""Moves of the record: correcting entries, evidence with its hash, pasted chat, and what the timeline shows."""

from cockpit.errors import CockpitError, Refused
from cockpit.incident.chat import read_chat
from cockpit.incident.entry import parse_time_words
from cockpit.incident.timeline import Entry
from screens.asking.conflict import Conflict, TwoTexts
from screens.asking.dialogs import Ask, Choose, Option, Write
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.people import named
from screens.pages.incident import IncidentScreen
from screens.pages.timeline import TimelineScreen


def selected(bridge: Bridge) -> tuple[TimelineScreen, Entry]:
    """The timeline and the entry under its cursor; raises Refused where there is none."""
    frame = bridge.main_screen()
    entry = frame.selected if isinstance(frame, TimelineScreen) else None
    if not isinstance(frame, TimelineScreen) or entry is None:
        raise Refused("No entry is selected.")
    if frame.is_folded(entry):
        frame.turn(entry)
        raise Refused("That row stood for a whole run; it is open now: choose the entry.")
    return frame, entry


async def fold(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Open the run under the cursor, or fold it again."""
    frame = bridge.main_screen()
    entry = frame.entries.selected if isinstance(frame, IncidentScreen) else None
    if isinstance(frame, IncidentScreen) and entry is not None:
        frame.turn(entry)


async def amend(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Correct an entry's text, with a reason; a lost race shows both texts."""
    _, entry = selected(bridge)
    text = await bridge.ask(Ask("Correct the entry", value=entry.text, about="The old text is kept."))
    reason = await bridge.ask(Ask("Why?", value="wording")) if text and text != entry.text else None
    base = len(entry.history)
    while text and reason:
        try:
            bridge.desk.incidents.amend(standing.incident, entry.id, reason=reason, text=text, base=base)
            return
        except CockpitError as error:
            if not isinstance(error, TwoTexts):
                raise
            choice = await bridge.ask(Conflict(error))
            base = error.revision
            text = {"mine": error.mine, "both": f"{error.theirs}; {error.mine}"}.get(choice or "", "")


async def amend_time(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Correct when an entry occurred; the old time is kept."""
    _, entry = selected(bridge)
    now, zone = bridge.desk.clock.now(), bridge.zone

    def wrong(text: str) -> str | None:
        try:
            parse_time_words(text, now, zone)
        except CockpitError as error:
            return str(error)
        return None

    value = f"{entry.occurred_at:%Y-%m-%dT%H:%M:%SZ}"
    text = await bridge.ask(
        Ask("When did it occur?", value=value, hint="14:02, -25m, yesterday 23:50", check=wrong)
    )
    reason = await bridge.ask(Ask("Why?", value="the time was wrong")) if text and text != value else None
    if text and reason:
        at = parse_time_words(text, now, zone)
        bridge.desk.incidents.amend(standing.incident, entry.id, reason=reason, at=at, base=len(entry.history))


async def attach(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Keep a copy of a file as evidence, with its hash in the record."""
    incident = named(bridge, standing)
    about = "A copy is kept beside the database, and its SHA-256 is written to the timeline."
    path = await bridge.ask(Ask("Which file is evidence?", about=about, hint="a path"))
    said = await bridge.ask(Ask("What does it show?", check=lambda text: None)) if path else None
    if path and said is not None:
        kept = bridge.desk.evidence.attach(incident.uid, path.strip(), said)
        bridge.tell(f"{kept.name}: {kept.size} bytes, sha256 {kept.sha256[:16]}…")


async def paste_chat(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Bring lines of a chat into the timeline with the times that stand in them."""
    incident = named(bridge, standing)
    about = (
        "Paste lines with a time and a name: [14:02] jroy: text, 14:02 jroy text, or jroy  2:02 PM and text below."
    )
    text: str | None = ""
    while text is not None:
        text = await bridge.ask(Write("Pasted chat", text, about=about, accept="bring it in"))
        if text is None:
            return
        try:
            lines = read_chat(text, bridge.desk.clock.now(), bridge.zone)
            number = bridge.desk.evidence.bring_in(incident.uid, lines)
        except CockpitError as error:
            bridge.tell(str(error), "error")
            continue
        bridge.tell(f"{number} of {len(lines)} lines are on the timeline now; the others stood there already.")
        return


async def kinds(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show entries of one kind only, those of a person, or all again."""
    frame = bridge.main_screen()
    if not isinstance(frame, TimelineScreen):
        raise Refused("That is done on the timeline (4).")
    entries = bridge.desk.incidents.timeline(standing.incident, noise=frame.noise)
    options = [Option("", "everything", f"{len(entries)} entries")]
    for kind in sorted({entry.kind for entry in entries}):
        number = sum(1 for entry in entries if entry.kind == kind)
        options.append(Option(kind, kind, f"{number} entries"))
    chosen = await bridge.ask(Choose("Show which entries?", options, selected=frame.kind))
    if chosen is not None:
        frame.show_kind(chosen)


MOVES = {
    "entry.amend": amend,
    "entry.time": amend_time,
    "entry.attach": attach,
    "chat.paste": paste_chat,
    "timeline.kinds": kinds,
    "timeline.fold": fold,
}

"""Moves of looking things up: full text over everything, and past incidents that are like this one."""

from collections.abc import Sequence

from cockpit.errors import Refused
from screens.asking.dialogs import Choose, Option
from screens.asking.find import Find, Found
from screens.bridge import Bridge
from screens.commands import Standing
from screens.pages.timeline import TimelineScreen


async def search(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Type words, see where they stand, and go there."""

    def look_up(words: str) -> Sequence[Found]:
        return [
            Found(f"{hit.incident} {hit.entry} {number}", f"{hit.ref} {hit.source}", f"{hit.excerpt}\n{hit.title}")
            for number, hit in enumerate(bridge.desk.search.find(words))
        ]

    hint = "words in incidents, timelines, messages, post-mortems"
    chosen = await bridge.ask(Find("Search", look_up, accept="go there", hint=hint, words=argument))
    if chosen is None:
        return
    uid, entry, _ = chosen.split(" ")
    bridge.chosen_incident = uid
    bridge.go("incident" if entry == "0" else "timeline")
    if entry != "0":
        _show_entry(bridge, uid, int(entry))


def _show_entry(bridge: Bridge, uid: str, seq: int) -> None:
    """Put the cursor on an entry once the timeline is there; one that says nothing to a reader is not in it."""
    entry = next((one for one in bridge.desk.incidents.timeline(uid, noise=True) if one.seq == seq), None)

    def put() -> None:
        frame = bridge.main_screen()
        if entry is not None and isinstance(frame, TimelineScreen):
            frame.find(entry)

    bridge.call_after_refresh(put)


async def similar(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show past incidents that are like this one, why, and go to the one that is chosen."""
    incident = bridge.desk.incidents.get(argument or standing.incident)
    alike = bridge.desk.search.similar(incident.uid)
    if not alike:
        raise Refused(f"No past incident is like {incident.ref}.")
    options = [
        Option(
            one.incident.uid,
            f"{one.incident.ref} {one.score:.0%}",
            f"{one.incident.title}: {'; '.join(one.because)}",
        )
        for one in alike
    ]
    chosen = await bridge.ask(
        Choose(f"Like {incident.ref}", options, about="Its timeline and post-mortem say what helped.")
    )
    if chosen:
        bridge.chosen_incident = chosen
        bridge.go("timeline")


def offer_similar(bridge: Bridge, uid: str) -> None:
    """Say which past incident is most like one that was opened just now, and why."""
    alike = bridge.desk.search.similar(uid, limit=1)
    if alike:
        other, why = alike[0].incident, "; ".join(alike[0].because)
        bridge.tell(f"Like {other.ref}, {other.title} ({why}): L shows what helped.", seconds=10)


MOVES = {"search.open": search, "incident.similar": similar}

"""Moves of incident command: who leads, how bad it is, how far it is, and what its timeline shows."""

from datetime import timedelta

from cockpit.clock import format_time
from cockpit.errors import CockpitError, Refused
from cockpit.incident.deadlines import NOT_SNOOZED, TITLES
from cockpit.incident.entry import parse_time_words
from cockpit.incident.lifecycle import CLOSE_CODES, Need
from cockpit.incident.lifecycle import MOVES as STATE_MOVES
from cockpit.incident.model import SEVERITIES, Incident, State
from cockpit.incident.roles import titles
from cockpit.incident.severity import severity_profile
from screens.asking.dialogs import Ask, Choose, Option
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.direct import resolve
from screens.moves.gate import through_gate
from screens.moves.record import selected
from screens.pages.incident import IncidentScreen
from screens.pages.timeline import TimelineScreen


def _named(bridge: Bridge, standing: Standing, argument: str) -> Incident:
    return bridge.desk.incidents.get(argument or standing.incident)


async def note(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Put the cursor into the entry line of the incident."""
    if argument:
        bridge.chosen_incident = argument
    if standing.screen not in ("incident", "timeline"):
        bridge.go("incident")
    frame = bridge.main_screen()
    if isinstance(frame, IncidentScreen):
        frame.call_after_refresh(frame.write)


async def lead(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Become the incident commander."""
    incident = bridge.desk.incidents.take_lead(_named(bridge, standing, argument).uid)
    bridge.tell(f"You lead {incident.ref}.")
    bridge.desk.messages.acknowledged(incident.uid)


async def severity(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Choose the severity with its criteria in sight, and say why."""
    incident = _named(bridge, standing, "")
    ours = bridge.desk.declaring.profile
    profile = ours if incident.profile == ours.name else severity_profile(incident.profile)
    levels = {level.severity: level for level in profile.levels}
    options = [
        Option(name, name, f"{levels[name].title}: {'; '.join(levels[name].criteria)}" if name in levels else "")
        for name in SEVERITIES
    ]
    about = f"Now {incident.severity}: {incident.severity_reason or 'no reason given'}"
    chosen = argument or await bridge.ask(Choose("Severity", options, about=about, selected=incident.severity))
    if not chosen or chosen == incident.severity:
        return
    reason = await bridge.ask(Ask(f"Why {chosen}?", hint="what is known now"))
    if reason is not None:
        bridge.desk.incidents.set_severity(incident.uid, chosen, reason)


async def assign(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Choose a role, then a person."""
    incident = _named(bridge, standing, "")
    known = titles(incident)
    roles = [Option(role, role, f"{title}: {incident.holder(role) or 'open'}") for role, title in known.items()]
    role = await bridge.ask(Choose("Which role?", roles))
    if role is None:
        return
    people = [
        Option(person.id, person.id, f"{person.name} {person.contact}".strip())
        for person in sorted(bridge.desk.settings.people, key=lambda person: role not in person.roles)
    ]
    me = Option(bridge.desk.operator, bridge.desk.operator, "you")
    people = [
        *people,
        *([] if any(one.value == me.value for one in people) else [me]),
        Option("?", "somebody else"),
    ]
    person = await bridge.ask(Choose(f"{known[role]}: who?", people))
    if person == "?":
        person = await bridge.ask(Ask(f"{known[role]}: who?", hint="name"))
    if person:
        bridge.desk.incidents.assign(incident.uid, role, person)


async def move(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Choose the next state, and give what it asks for."""
    incident = _named(bridge, standing, "")
    legal = STATE_MOVES[incident.state]
    options = [Option(state.value, state.value, f"needs {need}" if need is not Need.NOTHING else "")
               for state, need in legal.items()]  # fmt: skip
    chosen = argument or await bridge.ask(Choose(f"{incident.ref} is {incident.state}", options))
    if chosen == State.RESOLVED:
        await resolve(bridge, standing, incident.uid)
    elif chosen == State.REVIEW and incident.state is State.RESOLVED:
        await through_gate(bridge, incident)
    elif chosen:
        await _to_state(bridge, incident, State(chosen))


async def _to_state(bridge: Bridge, incident: Incident, state: State) -> None:
    incidents = bridge.desk.incidents
    need = STATE_MOVES[incident.state].get(state, Need.NOTHING)
    reason, code = "", ""
    if need is Need.CODE:
        options = [Option(name, name, says) for name, says in CLOSE_CODES.items()]
        code = await bridge.ask(Choose("Close early: why?", options)) or ""
        if not code:
            return
    missing = bridge.desk.closing.missing(incident.uid) if state is State.CLOSED and need is not Need.CODE else {}
    if need in (Need.REASON, Need.REOPEN_REASON) or missing:
        about = "; ".join(missing.values()) or f"This move needs {need}."
        reason = await bridge.ask(Ask(f"Why {state}?", about=about)) or ""
        if not reason:
            return
    moved = incidents.move(incident.uid, state, reason=reason, code=code)
    if moved.state is State.ACKNOWLEDGED:
        bridge.desk.messages.acknowledged(moved.uid)
    bridge.tell(f"{moved.ref} is {moved.state}.")


async def onset(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Confirm the proposed onset, or say another time."""
    incident = _named(bridge, standing, "")
    proposed = incident.onset
    about = f"Proposed: {format_time(proposed.at)[:19]}Z, {proposed.source}" if proposed else "Nothing is proposed."
    value = f"{proposed.at:%Y-%m-%dT%H:%M:%SZ}" if proposed else ""
    hint = "14:02, -25m or yesterday 23:50"

    def wrong(text: str) -> str | None:
        try:
            parse_time_words(text, bridge.desk.clock.now(), bridge.zone)
        except CockpitError as error:
            return str(error)
        return None

    text = await bridge.ask(Ask("When did it begin?", about=about, value=value, hint=hint, check=wrong))
    if text is None:
        return
    at = parse_time_words(text, bridge.desk.clock.now(), bridge.zone)
    same = proposed is not None and text == value
    bridge.desk.incidents.confirm_onset(incident.uid, None if same else at)
    bridge.tell(f"The onset of {incident.ref} is confirmed.")


async def snooze(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Put the next reminder off."""
    incident = _named(bridge, standing, "")
    running = [clock for clock in bridge.desk.incidents.deadlines(incident.uid)
               if clock.is_running and clock.name not in NOT_SNOOZED]  # fmt: skip
    if not running:
        raise Refused("No clock is running that can be put off.")
    options = [Option(clock.name, TITLES.get(clock.name, clock.name), clock.says) for clock in running]
    name = await bridge.ask(Choose("Which clock?", options))
    minutes = await bridge.ask(Ask("By how many minutes?", value="10", check=_minutes)) if name else None
    reason = await bridge.ask(Ask("Why?")) if minutes else None
    if name and minutes and reason:
        bridge.desk.incidents.snooze(incident.uid, name, timedelta(minutes=int(minutes)), reason)


def _minutes(text: str) -> str | None:
    return None if text.strip().isdigit() and 0 < int(text) <= 24 * 60 else "Write a number of minutes, 1 to 1440."


async def switch(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Choose among all incidents, open ones first."""
    every = sorted(bridge.desk.incidents.all(), key=lambda incident: not incident.is_open)
    if not every:
        raise Refused("There has been no incident yet.")
    options = [Option(one.uid, one.ref, f"{one.severity} {one.state}: {one.title}") for one in every]
    chosen = await bridge.ask(Choose("Which incident?", options, selected=standing.incident))
    if chosen:
        bridge.chosen_incident = chosen
        bridge.go("incident")


async def pin(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Pin an entry, or let it go."""
    _, entry = selected(bridge)
    bridge.desk.incidents.pin(standing.incident, entry.id, pinned=not entry.pinned)


async def strike(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Strike an entry out, or take that back."""
    _, entry = selected(bridge)
    reason = await bridge.ask(Ask("Why is this entry wrong?" if not entry.struck else "Why is it right again?"))
    if reason:
        bridge.desk.incidents.amend(standing.incident, entry.id, reason=reason, struck=not entry.struck)


async def noise(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show or hide the small entries."""
    frame = bridge.main_screen()
    if isinstance(frame, TimelineScreen):
        frame.noise = not frame.noise
        frame.draw(None)


async def zone(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Times in UTC, or in this terminal's zone."""
    bridge.local_time = not bridge.local_time
    bridge.tell("Times are local now." if bridge.local_time else "Times are in UTC now.")


MOVES = {
    "incident.note": note,
    "incident.lead": lead,
    "incident.severity": severity,
    "incident.assign": assign,
    "incident.move": move,
    "incident.onset": onset,
    "incident.snooze": snooze,
    "incident.switch": switch,
    "entry.pin": pin,
    "entry.strike": strike,
    "timeline.noise": noise,
    "clock.zone": zone,
}

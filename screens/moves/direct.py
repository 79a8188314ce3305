"""Moves that steer an incident: declaring it, resolving it with evidence, escalating, merging, restricting."""

from collections.abc import Mapping, Sequence

from cockpit.errors import Refused
from cockpit.incident.authority import CHAIN
from cockpit.incident.clocks import ChainLine
from cockpit.incident.model import Incident
from cockpit.incident.validation import BY_PERSON, Validation
from cockpit.incident.validation import Standing as Where
from screens.asking.declare import Declare, Declared
from screens.asking.dialogs import Ask, Choose, Option
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.people import choose_person, named
from screens.moves.search import offer_similar


async def declare(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Declare an incident by its questions, then choose the severity with its criteria in sight."""
    declaring = bridge.desk.declaring
    sheet = declaring.sheet()
    dialog = Declare(sheet, declaring.suggest, targets=argument or standing.domain)
    declared: Declared | None = await bridge.push_screen_wait(dialog)
    if declared is None:
        return
    suggestion = declaring.suggest(declared.answers)
    options = [
        Option(level.severity, level.severity, f"{level.title}: {'; '.join(level.criteria)}")
        for level in sheet.levels
    ]
    about = f"The answers amount to {suggestion.severity}: {suggestion.reason}"
    severity = await bridge.ask(Choose("How bad is it?", options, about=about, selected=suggestion.severity))
    if severity is None:
        return
    reason: str | None = ""
    if severity != suggestion.severity:
        reason = await bridge.ask(Ask(f"Why {severity} and not {suggestion.severity}?"))
        if not reason:
            return
    options = [Option(name, name, says) for name, says in sheet.sources.items()]
    source = await bridge.ask(Choose("How was it noticed?", options, selected="internal"))
    if source is None:
        return
    incident = declaring.declare(
        declared.title,
        declared.answers,
        severity=severity,
        reason=reason or "",
        targets=declared.targets,
        source=source,
    )
    bridge.desk.messages.acknowledged(incident.uid)
    bridge.chosen_incident = incident.uid
    bridge.go("incident")
    bridge.tell(f"{incident.ref} is open and you lead it.")
    offer_similar(bridge, incident.uid)


async def resolve(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Resolve with every condition in sight; what is open is confirmed, waited for, or overridden by a reason."""
    incident = named(bridge, standing, argument)
    validations = bridge.desk.validations
    while waiting := _open(bridge, incident):
        chosen = await bridge.ask(_resolving(incident, validations.of(incident.uid), waiting))
        if chosen is not None and chosen in BY_PERSON:
            said = await bridge.ask(Ask(BY_PERSON[chosen], hint="how that was seen", check=lambda text: None))
            if said is not None:
                validations.confirm(incident.uid, chosen, said=said)
        elif chosen == "run":
            validations.start_run(incident.uid)
            bridge.tell("The validation run has begun: every check has to stay good until it ends.")
            return
        else:
            break
    if not waiting:
        _resolved(bridge, incident, "")
    elif chosen == "resolve":
        about = f"Still open: {'; '.join(waiting.values())}"
        reason = await bridge.ask(Ask("Resolve all the same: why?", about=about, hint="this is recorded"))
        if reason:
            _resolved(bridge, incident, reason)


def _resolved(bridge: Bridge, incident: Incident, reason: str) -> None:
    moved = bridge.desk.validations.resolve(incident.uid, reason=reason)
    bridge.tell(f"{moved.ref} is {moved.state}.")


def _open(bridge: Bridge, incident: Incident) -> dict[str, str]:
    """What stands in the way of resolving, by name, a sentence each; checks that are not green always do."""
    waiting = dict(bridge.desk.validations.gate(incident.uid))
    checks = bridge.desk.incidents.checks(incident.uid)
    return waiting if waiting or checks.green else {"checks": f"Not green: {checks.sentence}"}


def _resolving(incident: Incident, found: Sequence[Validation], waiting: Mapping[str, str]) -> Choose:
    """What can be done about what is open, confirming first and overriding last."""
    doable = {each.name: each for each in found if each.name in (*BY_PERSON, "run") and each.name in waiting}
    options = [Option(name, f"{_mark(each)} {name}", f"{each.title}: {each.says}") for name, each in doable.items()]
    options.append(Option("resolve", "resolve all the same", "with a reason that is recorded"))
    told = [f"{_mark(each)} {each.name}: {each.says}" for each in found] or list(waiting.values())
    return Choose(f"Resolve {incident.ref}?", options, about=" · ".join(told))


def _mark(validation: Validation) -> str:
    marks = {Where.PASSED: "✔", Where.WAITING: "…", Where.FAILED: "✖"}
    return marks.get(validation.standing, "?")


async def escalate(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Engage a level of the escalation chain; the one that is due stands under the cursor."""
    incident, now = named(bridge, standing), bridge.desk.clock.now()
    clocks = bridge.desk.clocks
    chain = clocks.chain(incident.uid, now)
    options = [
        Option(
            str(each.level.level),
            f"L{each.level.level} {each.level.title}",
            _level_says(each),
        )
        for each in chain
    ]
    due = next((str(each.level.level) for each in chain if each.late), str(CHAIN[0].level))
    about = clocks.escalation_due(incident.uid, now) or clocks.office(now).says
    level = await bridge.ask(Choose("Escalate to whom?", options, about=about, selected=due))
    if level is None:
        return
    known = [Option(each.name, each.name, f"{each.phone} {each.mail} {each.note}".strip())
             for each in bridge.desk.contacts.of_level(int(level), incident.uid)]  # fmt: skip
    person = (
        await bridge.ask(Choose(f"Level {level}: who?", [*known, Option("?", "somebody else")])) if known else "?"
    )
    if person == "?":
        person = await choose_person(bridge, f"Level {level}: who?", role=f"L{level}")
    reason = await bridge.ask(Ask("Why, and what do they decide?", check=lambda text: None)) if person else None
    if person and reason is not None:
        clocks.escalate(incident.uid, int(level), person, reason=reason)
        bridge.tell(f"{person} is engaged on level {level}.")


def _level_says(each: ChainLine) -> str:
    if each.person or each.engaged_at is not None:
        state = f"{each.person or 'somebody'} is there"
    else:
        state = "should be there by now" if each.late else "nobody yet"
    return f"{state}: {each.level.authority}"


async def merge(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Let another incident take this one over."""
    incident = named(bridge, standing)
    others = [one for one in bridge.desk.incidents.open_incidents() if one.uid != incident.uid]
    if not others:
        raise Refused("There is no other open incident to merge into.")
    options = [Option(one.uid, one.ref, f"{one.severity} {one.title}") for one in others]
    into = await bridge.ask(
        Choose(f"Merge {incident.ref} into which?", options, about="It is closed and says where to look.")
    )
    if into:
        kept = bridge.desk.declaring.merge(incident.uid, into)
        bridge.chosen_incident = kept.uid
        bridge.tell(f"{incident.ref} is part of {kept.ref} now.")


async def restrict(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show the incident to a few only, or to everybody again."""
    incident = named(bridge, standing)
    declaring = bridge.desk.declaring
    if incident.restricted:
        reason = await bridge.ask(Ask(f"Show {incident.ref} to everybody again: why?"))
        if reason:
            declaring.lift(incident.uid, reason=reason)
        return
    about = "Only they, who opened it and who has a role see it here. Whoever can read the file still can."
    names = await bridge.ask(Ask("Who may read it?", about=about, hint="jroy, mhassan"))
    reason = await bridge.ask(Ask("Why is it restricted?")) if names else None
    if names and reason:
        declaring.restrict(incident.uid, names.replace(",", " ").split(), reason=reason)
        bridge.tell(f"{incident.ref} is restricted.")


async def widen(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Say that more is hurt than was known."""
    incident = named(bridge, standing)
    targets = await bridge.ask(Ask("Which other domains are hurt?", hint="pay.example", check=lambda text: None))
    services = (
        await bridge.ask(Ask("Which other services?", hint="checkout, receipts", check=lambda text: None))
        if targets is not None
        else None
    )
    if targets is not None and services is not None:
        named_services = [each.strip() for each in services.split(",") if each.strip()]
        bridge.desk.declaring.widen(
            incident.uid, targets=targets.replace(",", " ").split(), services=named_services
        )


MOVES = {
    "incident.declare": declare,
    "incident.resolve": resolve,
    "incident.escalate": escalate,
    "incident.merge": merge,
    "incident.restrict": restrict,
    "incident.widen": widen,
}

"""Moves of runbooks: start one, do its steps, leave one out, go back, stop."""

from collections.abc import Sequence

from cockpit.errors import Refused
from cockpit.incident.model import Incident
from cockpit.runbooks.card import RunbookCard
from cockpit.runbooks.model import Kind
from cockpit.runbooks.view import RunView
from screens.bridge import Bridge
from screens.commands import Standing
from screens.dialogs import Ask, Choose, Confirm, Option, Read
from screens.present.runbook import output_lines


async def show(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to the runbook."""
    if argument:
        bridge.chosen_run = argument
    bridge.go("runbook")


async def start(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Start a runbook for the incident; the Next line names the incident and means the suggested one."""
    incident = bridge.desk.incidents.get(argument or standing.incident)
    suggested = _suggested(bridge, incident)
    chosen = suggested[0].id if argument and suggested else await _choose(bridge, suggested)
    if not chosen:
        return
    card = next(card for card in bridge.desk.runbooks.list() if card.id == chosen)
    values = await _inputs(bridge, card, incident)
    if values is None:
        return
    bridge.chosen_run = bridge.desk.start_runbook(incident.uid, chosen, values)
    bridge.go("runbook")


def _suggested(bridge: Bridge, incident: Incident) -> Sequence[RunbookCard]:
    kinds = [bridge.desk.incidents.alert(alert).kind for alert in incident.alerts] or [incident.type]
    return [card for kind in dict.fromkeys(kinds) for card in bridge.desk.runbooks.suggested(kind)]


async def _choose(bridge: Bridge, suggested: Sequence[RunbookCard]) -> str | None:
    first = {card.id: card for card in suggested}
    others = [card for card in bridge.desk.runbooks.list() if card.id not in first]
    options = [
        Option(
            card.id, card.title, f"{card.steps} steps" + (", written for this alert" if card.id in first else "")
        )
        for card in (*first.values(), *others)
    ]
    if not options:
        raise Refused("There is no runbook on the shelf.")
    return await bridge.ask(Choose("Which runbook?", options))


async def _inputs(bridge: Bridge, card: RunbookCard, incident: Incident) -> dict[str, str] | None:
    """What the runbook asks for: known values as they are, missing ones asked for one by one."""
    target = incident.targets[0] if incident.targets else ""
    values = bridge.desk.runbooks.prefill(card.id, target)
    for wanted in card.inputs:
        if values.get(wanted.name) or not wanted.required:
            continue
        answer = await bridge.ask(Ask(wanted.ask or wanted.name, about=card.title))
        if answer is None:
            return None
        values[wanted.name] = answer
    return values


async def advance(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Do the current step: tick it off, answer it, run it, or plan its action."""
    uid = argument or standing.run
    runbooks = bridge.desk.runbooks
    bridge.chosen_run = uid
    view = runbooks.get(uid)
    step = view.current
    if step is None:
        raise Refused(f"{view.title} has ended.")
    answer, confirmed = "", False
    if step.kind is Kind.DECIDE and not any(choice.preferred for choice in view.choices):
        answer = await _answer(bridge, view) or ""
        if not answer:
            return
    if view.asks:
        confirmed = await _agree(bridge, view)
        if not confirmed:
            return
    runbooks.advance(uid, answer, confirmed=confirmed)
    after = runbooks.get(uid)
    if step.kind is Kind.ACTION and after.action is not None:
        bridge.chosen_action = after.action
        bridge.go("action")
    else:
        bridge.go("runbook")


async def _answer(bridge: Bridge, view: RunView) -> str | None:
    options = [Option(choice.go, choice.answer, f"leads to: {choice.title}") for choice in view.choices]
    return await bridge.ask(Choose(view.decided_by, options))


async def _agree(bridge: Bridge, view: RunView) -> bool:
    commands = [" ".join(argv) for argv in view.command]
    sentences = ["This command was not written for this product. It would run exactly:", *commands]
    return await bridge.confirm(Confirm("Run this command?", sentences, yes="Run it"))


async def skip(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Leave the current step out, with a reason."""
    view = bridge.desk.runbooks.get(standing.run)
    title = view.current.title if view.current is not None else view.title
    reason = await bridge.ask(Ask("Why is this step left out?", about=title))
    if reason is not None:
        bridge.desk.runbooks.skip(standing.run, reason)


async def back(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Return to the step before."""
    bridge.desk.runbooks.back(standing.run)


async def abort(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Stop the run, with a reason."""
    reason = await bridge.ask(Ask("Why is the runbook stopped?", about="An action that was started goes on."))
    if reason is not None:
        bridge.desk.runbooks.abort(standing.run, reason)


async def seen(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show all that the current step printed."""
    view = bridge.desk.runbooks.get(standing.run)
    if not view.output:
        raise Refused("The current step has printed nothing.")
    await bridge.show(Read("Output", lambda width: output_lines(view, width)))


MOVES = {
    "runbook.show": show,
    "runbook.start": start,
    "runbook.advance": advance,
    "runbook.skip": skip,
    "runbook.back": back,
    "runbook.abort": abort,
    "runbook.seen": seen,
}

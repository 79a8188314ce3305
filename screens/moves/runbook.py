"""Moves of runbooks: start one, and do its steps."""

from collections.abc import Sequence

from cockpit.desk.views import CheckView
from cockpit.errors import CockpitError, Refused
from cockpit.health.model import Verdict
from cockpit.health.registry import check_named
from cockpit.incident.model import Incident
from cockpit.runbooks.card import RunbookCard
from cockpit.runbooks.inputs import fill, typed
from cockpit.runbooks.model import Input, Kind, Message, Question
from cockpit.runbooks.view import RunView
from screens.asking.dialogs import Ask, Choose, Confirm, Option, Write
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves import runbook_steer
from screens.moves.words import page_reason
from screens.present.runbook_shelf import card_words, under_way_words

_TO_LOOK_AT = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN})


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
    if not chosen or await _goes_on(bridge, chosen, incident.uid):
        return
    values = await _inputs(bridge, chosen, incident.targets[0] if incident.targets else "")
    if values is None:
        return
    bridge.chosen_run = bridge.desk.start_runbook(incident.uid, chosen, values)
    bridge.go("runbook")


async def start_alone(bridge: Bridge, target: str) -> None:
    """Start a runbook for a target that no incident is about."""
    about = f"Nothing is open for {target}: the run belongs to no incident."
    view = bridge.desk.domain(target)
    kinds = [_kind_of(each) for each in view.checks if each.verdict in _TO_LOOK_AT] if view else []
    chosen = await _choose(bridge, _for_kinds(bridge, kinds), about)
    if not chosen or await _goes_on(bridge, chosen, None, target):
        return
    values = await _inputs(bridge, chosen, target)
    if values is not None:
        bridge.chosen_run = bridge.desk.runbooks.start(chosen, values)
        bridge.go("runbook")


async def _goes_on(bridge: Bridge, runbook: str, incident: str | None, target: str = "") -> bool:
    """Offer to go on with a run of this book that is under way; False where a new one shall begin."""
    mine = bridge.desk.runbooks.under_way(runbook, incident, target)
    if not mine:
        return False
    now = bridge.desk.clock.now()
    options = [Option(view.uid, *under_way_words(view, now)) for view in mine]
    options.append(Option("", "Begin a second run", "with the runbook as it is now; the other goes on as well"))
    chosen = await bridge.ask(Choose(f"{mine[0].title} is under way", options))
    if chosen:
        bridge.chosen_run = chosen
        bridge.go("runbook")
    return chosen != ""


async def take_turn(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Start the book whose turn it is, or go on with the one that is under way."""
    turns = bridge.desk.runbooks.turns()
    turn = next((each for each in turns if each.runbook == argument or (not argument and each.waits)), None)
    turn = turn or next((each for each in turns if each.run), None)
    if turn is None:
        raise Refused("No checklist is due.")
    if turn.run:
        bridge.chosen_run = turn.run
    else:
        values = await _inputs(bridge, turn.runbook, standing.domain)
        if values is None:
            return
        bridge.chosen_run = bridge.desk.runbooks.start(turn.runbook, values)
        bridge.read_duties()
    bridge.go("runbook")


def _suggested(bridge: Bridge, incident: Incident) -> Sequence[RunbookCard]:
    """Those for the incident's own alerts, then those for others about the same, which may name the cause."""
    own = [bridge.desk.incidents.alert(alert).kind for alert in incident.alerts] or [incident.type]
    others = [
        each.kind for each in bridge.desk.alerts() if each.cleared_at is None and each.target in incident.targets
    ]
    return _for_kinds(bridge, [*own, *others])


def _kind_of(check: CheckView) -> str:
    """What the check would raise an alert of; where SES tells nothing, it is about our calls, not about mail."""
    known = check_named(check.check)
    blind = known.area == "ses" and check.verdict is Verdict.UNKNOWN
    return check_named("ses.calls").alert_kind if blind else known.alert_kind


def _for_kinds(bridge: Bridge, kinds: Sequence[str]) -> Sequence[RunbookCard]:
    return [card for kind in dict.fromkeys(kinds) for card in bridge.desk.runbooks.suggested(kind)]


async def _choose(bridge: Bridge, suggested: Sequence[RunbookCard], about: str = "") -> str | None:
    first = {card.id: card for card in suggested}
    others = [card for card in bridge.desk.runbooks.list() if card.id not in first]
    now = bridge.desk.clock.now()
    options = [
        Option(card.id, card.title, card_words(card, now, fitting=card.id in first))
        for card in (*first.values(), *others)
    ]
    if not options:
        raise Refused("There is no runbook on the shelf.")
    return await bridge.ask(Choose("Which runbook?", options, about=about))


async def _inputs(bridge: Bridge, runbook: str, target: str) -> dict[str, str] | None:
    """What the runbook asks for: known values as they are, missing ones asked for one by one."""
    card = next(card for card in bridge.desk.runbooks.list() if card.id == runbook)
    values = bridge.desk.runbooks.prefill(card.id, target)
    for wanted in card.inputs:
        if values.get(wanted.name) or not wanted.required:
            continue
        answer = await _value(bridge, wanted, card.title)
        if answer is None:
            return None
        values[wanted.name] = answer
    return values


async def _value(bridge: Bridge, wanted: Input, about: str) -> str | None:
    """Ask for one value, until it is of its type or the person leaves."""

    def wrong(text: str) -> str | None:
        try:
            typed(wanted.type, text or wanted.default, wanted.name)
        except CockpitError as error:
            return str(error)
        return None if text.strip() or wanted.default else "Write something, or esc."

    return await bridge.ask(Ask(wanted.ask or wanted.name, about=about, value=wanted.default, check=wrong))


async def advance(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Do the current step: tick it off, answer it, run it, approve it, or plan its action."""
    uid = argument or standing.run
    runbooks = bridge.desk.runbooks
    bridge.chosen_run = uid
    view = runbooks.get(uid)
    step = view.current
    if step is None:
        raise Refused(f"{view.title} has ended.")
    if view.paused_by:
        runbooks.resume(uid)
        bridge.go("runbook")
        return
    if "approve" in view.can:
        await _approve(bridge, view)
        return
    if not await _given(bridge, view):
        return
    answer = await _answer(bridge, view)
    if answer is None:
        return
    if view.asks and not await _agree(bridge, runbooks.get(uid)):
        return
    runbooks.advance(uid, answer, confirmed=view.asks, step=step.id)
    after = runbooks.get(uid)
    if step.kind is Kind.ACTION and after.action is not None:
        bridge.chosen_action = after.action
        bridge.go("action")
    else:
        bridge.go("runbook")


async def _given(bridge: Bridge, view: RunView) -> bool:
    """Ask for the values that the document left open; each is asked for once. False when the person left."""
    for wanted in view.missing:
        value = await _value(bridge, wanted, f"{view.title} needs it here, and knows it from then on.")
        if value is None:
            return False
        bridge.desk.runbooks.give(view.uid, {wanted.name: value})
    return True


async def _answer(bridge: Bridge, view: RunView) -> str | None:
    """What the step wants to hear: a choice, a value, how a message was told; None when the person left."""
    work = bridge.desk.runbooks.step_of(view.uid)
    if isinstance(work, Question):
        return await _value(bridge, Input(work.name, work.type, work.ask, work.default), view.title)
    if isinstance(work, Message):
        return await _tell(bridge, view, work)
    if not view.choices or any(choice.preferred for choice in view.choices):
        return ""
    options = [Option(choice.go, choice.answer, f"leads to: {choice.title}") for choice in view.choices]
    return await bridge.ask(Choose(view.decided_by, options)) or None


async def _tell(bridge: Bridge, view: RunView, work: Message) -> str | None:
    """Open the words, filled; send them where the audience reads, or put them on the clipboard."""
    draft = bridge.desk.messages.draft(view.incident, work.audience, work.template) if view.incident else None
    words: str | None = fill(work.text, view.inputs) if work.text or draft is None else draft.text
    while words is not None:
        words = await bridge.ask(Write(f"To {work.audience}", words, about=view.title, accept="send"))
        if words is None:
            return None
        try:
            if view.incident is None:
                bridge.copy_to_clipboard(words)
                return f"{work.audience}: copied, told by hand"
            reason = await page_reason(bridge, view.incident, work.audience)
            if reason is None:
                continue
            bridge.desk.messages.send(view.incident, work.audience, words, reason=reason)
        except CockpitError as error:
            bridge.tell(str(error), "error")
            continue
        bridge.copy_to_clipboard(words)
        return f"{work.audience} told"
    return None


async def _approve(bridge: Bridge, view: RunView) -> None:
    """Say yes or no to what somebody else works on; who works on it enters the code of somebody at the phone."""
    me = bridge.desk.operator
    options = [
        Option("phone", "Enter a one-time code", "that somebody reads out to you"),
        Option("no", "Reject", "the step fails, with your reason"),
    ]
    if me not in view.people:
        options.insert(0, Option("yes", "Approve", f"signed with the key of {me}"))
    chosen = await bridge.ask(
        Choose(view.current.title if view.current else view.title, options, about=view.decided_by)
    )
    if chosen == "yes":
        bridge.desk.runbooks.approve(view.uid)
    elif chosen == "phone":
        await _approve_by_phone(bridge, view)
    elif chosen == "no":
        reason = await bridge.ask(Ask("Why is it not approved?", about=view.title))
        if reason is not None:
            bridge.desk.runbooks.reject(view.uid, reason)
    bridge.go("runbook")


async def _approve_by_phone(bridge: Bridge, view: RunView) -> None:
    """Ask who speaks and for the code that they read out; they made it with `cockpit approve --codes`."""
    by = await bridge.ask(Ask("Who approves it?", about=view.decided_by))
    spoken = await bridge.ask(Ask(f"The code that {by} reads out", about=view.title)) if by else None
    if by and spoken:
        bridge.desk.runbooks.approve_by_phone(view.uid, by.strip(), spoken)


async def _agree(bridge: Bridge, view: RunView) -> bool:
    shown = view.script.splitlines() if view.script else [" ".join(argv) for argv in view.command]
    given = [f"with {', '.join(view.command[0][1:])}"] if view.script and view.command[0][1:] else []
    undo = [f"Way back: {view.undo}"] if view.undo else []
    sentences = [f"{view.why_asks} It would run exactly:", *shown, *given, *undo]
    return await bridge.confirm(Confirm("Run this command?", sentences, yes="Run it"))


MOVES = {
    "runbook.show": show,
    "runbook.start": start,
    "runbook.advance": advance,
    "runbook.turn": take_turn,
    **runbook_steer.MOVES,
}

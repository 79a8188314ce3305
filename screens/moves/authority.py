"""Moves of authority: plans and steps that wait for a second person, and who decides about which recovery."""

from collections.abc import Sequence

from cockpit.desk.remedies.action_view import ActionView
from cockpit.desk.remedies.approvals import Approvals
from cockpit.incident.authority import MATRICES, matrix_row
from screens.asking.dialogs import Ask, Choose, Confirm, Option, Read
from screens.asking.find import Find, Found
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.people import named
from screens.present.authority import row_lines, ruling_words, step_words, waiting_lines, waiting_words
from screens.present.words import count


async def show_authority(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show what waits for an approval, then every recovery decision with its ruling in this incident."""
    incident, desk = named(bridge, standing), bridge.desk
    rows = [row for matrix in MATRICES.values() for row in matrix]

    def look_up(words: str) -> Sequence[Found]:
        plans = _approvals(bridge).waiting()
        found = [Found(f"plan {each.uid}", each.code_to_approve, waiting_words(each)) for each in plans]
        found += [Found(f"step {each.run}", each.code, step_words(each)) for each in desk.runbooks.to_approve()]
        found += [Found(f"row {row.id}", row.scenario, ruling_words(row, incident, desk.operator)) for row in rows]
        asked = words.casefold().split()
        return [each for each in found if all(word in f"{each.name} {each.says}".casefold() for word in asked)]

    title = f"Who decides in {incident.ref}"
    chosen = await bridge.ask(Find(title, look_up, accept="show", hint="dnssec, certificate, approval, …"))
    if chosen is None:
        return
    kind, _, id_ = chosen.partition(" ")
    if kind == "plan":
        await _about_plan(bridge, id_)
        return
    if kind == "step":
        bridge.chosen_run = id_
        bridge.go("runbook")
        return
    row = matrix_row(id_)
    await bridge.show(Read(row.scenario, lambda width: row_lines(row, incident, desk.operator, width)))


async def _about_plan(bridge: Bridge, uid: str) -> None:
    """Read a plan that waits; then sign it, take the command for another terminal, reject it, or see its screen."""
    desk = bridge.desk
    view = desk.actions.get(uid)
    await bridge.show(Read(f"Waits for approval: {view.title}", lambda width: waiting_lines(view, width)))
    command = f"cockpit approve {view.code_to_approve}"
    options = [
        Option("show", "show it", "the plan and its journal"),
        Option("copy", "copy the command", f"{command}: signs it, in a terminal of the approver's own"),
    ]
    mine = desk.operator in (view.operator, view.confirmed_by)
    if not desk.read_only:
        if desk.keys is not None and not mine and desk.operator not in view.approved_by:
            options.append(Option("sign", "sign it", f"with the key of {desk.operator}, after one more question"))
        options.append(Option("reject", "reject it", "ends the plan, with the reason"))
    chosen = await bridge.ask(Choose(view.title, options))
    if chosen == "show":
        bridge.chosen_action = uid
        bridge.go("action")
    elif chosen == "sign":
        await _sign(bridge, view)
    elif chosen == "copy":
        bridge.copy_to_clipboard(command)
        bridge.tell(f"Copied: {command}")
    elif chosen == "reject":
        reason = await bridge.ask(Ask("Why is it rejected?"))
        if reason:
            _approvals(bridge).reject(view.code_to_approve, reason)
            bridge.tell("The plan is rejected.")


async def _sign(bridge: Bridge, view: ActionView) -> None:
    """Sign a plan that somebody else made with one's own key; asked once more, with Cancel under the cursor."""
    sentences = [
        f"{view.title}, planned by {view.operator}.",
        f"You sign {view.code_to_approve} as {bridge.desk.operator}: exactly the plan that was shown.",
    ]
    if await bridge.confirm(Confirm("Approve this plan?", sentences, yes="Sign it")):
        signed = _approvals(bridge).approve(view.code_to_approve)
        left = count(signed.approvals_missing, "approval")
        bridge.tell(
            f"The plan is signed; {f'{left} still missing' if signed.approvals_missing else 'it may go on'}."
        )


def _approvals(bridge: Bridge) -> Approvals:
    desk = bridge.desk
    return Approvals(desk.feed, desk.actions, desk.operator, desk.keys, desk.runbooks.codes_used)


MOVES = {"authority.show": show_authority}

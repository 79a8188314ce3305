"""Moves of authority: plans that wait for a second person, and who decides about which recovery."""

from collections.abc import Sequence

from cockpit.desk.remedies.approvals import Approvals
from cockpit.incident.authority import MATRICES, matrix_row
from screens.asking.dialogs import Ask, Choose, Option, Read
from screens.asking.find import Find, Found
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.people import named
from screens.present.authority import row_lines, ruling_words, waiting_lines, waiting_words


async def show_authority(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show what waits for an approval, then every recovery decision with its ruling in this incident."""
    incident, desk = named(bridge, standing), bridge.desk
    rows = [row for matrix in MATRICES.values() for row in matrix]

    def look_up(words: str) -> Sequence[Found]:
        waiting = Approvals(desk.feed, desk.actions, desk.operator).waiting()
        found = [Found(f"plan {each.uid}", each.code_to_approve, waiting_words(each)) for each in waiting]
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
    row = matrix_row(id_)
    await bridge.show(Read(row.scenario, lambda width: row_lines(row, incident, desk.operator, width)))


async def _about_plan(bridge: Bridge, uid: str) -> None:
    """Read a plan that waits; then its command to sign it, a rejection, or its own screen."""
    desk = bridge.desk
    view = desk.actions.get(uid)
    await bridge.show(Read(f"Waits for approval: {view.title}", lambda width: waiting_lines(view, width)))
    command = f"cockpit approve {view.code_to_approve}"
    options = [
        Option("show", "show it", "the plan and its journal"),
        Option("copy", "copy the command", f"{command}: signs it, in a terminal of the approver's own"),
    ]
    if not desk.read_only:
        options.append(Option("reject", "reject it", "ends the plan, with the reason"))
    chosen = await bridge.ask(Choose(view.title, options))
    if chosen == "show":
        bridge.chosen_action = uid
        bridge.go("action")
    elif chosen == "copy":
        bridge.copy_to_clipboard(command)
        bridge.tell(f"Copied: {command}")
    elif chosen == "reject":
        reason = await bridge.ask(Ask("Why is it rejected?"))
        if reason:
            Approvals(desk.feed, desk.actions, desk.operator).reject(view.code_to_approve, reason)
            bridge.tell("The plan is rejected.")


MOVES = {"authority.show": show_authority}

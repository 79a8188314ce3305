"""Moves that steer a run: leave a step out, go elsewhere, pause, stop, and say what was wrong with the runbook."""

from cockpit.errors import Refused
from cockpit.runbooks.run import StepState
from screens.asking.dialogs import Ask, Choose, Confirm, Option, Read
from screens.bridge import Bridge
from screens.commands import Standing
from screens.present.runbook import printed_lines
from screens.present.runbook_shelf import rehearsal_lines


async def skip(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Leave the current step out, with a reason."""
    view = bridge.desk.runbooks.get(standing.run)
    step = view.current
    if view.action and bridge.desk.actions.get(view.action).can_confirm:
        # The plan's phrase may have been typed on this screen, and `s` begins many a name.
        waits = [f"The plan of “{view.title}” waits to be confirmed on its own screen."]
        if not await bridge.confirm(Confirm("Leave this step out?", waits, yes="Leave it out")):
            return
    reason = await bridge.ask(Ask("Why is this step left out?", about=step.title if step else view.title))
    if reason is not None:
        bridge.desk.runbooks.skip(standing.run, reason, step=step.id if step else "")


async def back(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Return to the step before."""
    bridge.desk.runbooks.back(standing.run)


async def jump(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Choose the step to go on with."""
    view = bridge.desk.runbooks.get(standing.run)
    options = [
        Option(
            step.id, step.title, f"{step.kind}, {step.state}" if step.state is not StepState.WAITING else step.kind
        )
        for step in view.steps
    ]
    chosen = await bridge.ask(
        Choose("Go on with which step?", options, selected=view.current.id if view.current else "")
    )
    if chosen:
        bridge.desk.runbooks.jump(standing.run, chosen)


async def pause(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Let nothing begin until somebody goes on, or go on."""
    view = bridge.desk.runbooks.get(standing.run)
    if view.paused_by:
        bridge.desk.runbooks.resume(standing.run)
        return
    reason = await bridge.ask(Ask("Why is the run paused?", about="Nothing new begins; what runs is not stopped."))
    if reason is not None:
        bridge.desk.runbooks.pause(standing.run, reason)


async def cancel(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Stop the command that runs, and everything it started."""
    view = bridge.desk.runbooks.get(standing.run)
    if "cancel" not in view.can:
        raise Refused("No command is running.")
    bridge.desk.runbooks.cancel(standing.run)
    bridge.tell("The command is being stopped.")


async def abort(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Stop the run, with a reason."""
    view = bridge.desk.runbooks.get(standing.run)
    about = "An action that was started goes on."
    if bridge.desk.runbooks.book_of(view.uid).cleanup and not view.aborting:
        about = f"{about} The run goes on at its clean-up; stopping it there ends it at once."
    reason = await bridge.ask(Ask("Why is the runbook stopped?", about=about))
    if reason is not None:
        bridge.desk.runbooks.abort(standing.run, reason)


async def remark(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Note for the owner what is wrong with the runbook at this step."""
    view = bridge.desk.runbooks.get(standing.run)
    owner = bridge.desk.runbooks.book_of(view.uid).owner or "nobody is named as its owner"
    about = (
        f"{view.title}, owner: {owner}. It stands on the timeline and beside the runbook until its text changes."
    )
    text = await bridge.ask(Ask("What is wrong with the runbook here?", about=about))
    if text is not None:
        bridge.desk.runbooks.remark(standing.run, text)
        bridge.tell(f"Noted for {owner}.")


async def rehearse(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show what every step would do with the values of this run; nothing is done."""
    view = bridge.desk.runbooks.get(standing.run)
    steps = bridge.desk.runbooks.rehearse_run(view.uid)
    await bridge.show(Read(f"What each step does: {view.title}", lambda width: rehearsal_lines(steps, width)))


async def seen(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show all that the current step printed, or the last one that did."""
    title, output = bridge.desk.runbooks.printed(standing.run)
    if not output:
        raise Refused("No step of this run has printed anything.")
    await bridge.show(Read(f"Output: {title}", lambda width: printed_lines(output, width)))


MOVES = {
    "runbook.skip": skip,
    "runbook.back": back,
    "runbook.jump": jump,
    "runbook.pause": pause,
    "runbook.cancel": cancel,
    "runbook.abort": abort,
    "runbook.remark": remark,
    "runbook.rehearse": rehearse,
    "runbook.seen": seen,
}

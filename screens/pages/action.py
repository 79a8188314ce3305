"""An action: its plan to be read and confirmed by typing, then the same screen as its run."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace
from textual import on
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from cockpit.desk.remedies.actions import ActionView
from cockpit.desk.remedies.approvals import Approvals
from cockpit.desk.remedies.command_log import Sent
from cockpit.desk.views import Changes
from cockpit.errors import BadInput, CockpitError
from screens.commands import Command, Standing
from screens.frame import Frame
from screens.present.action import body_lines, head_lines, no_action, result_lines
from screens.present.action_log import log_lines
from screens.present.lines import Line, Tone, line
from screens.widgets.lines import Lines, Reader

_BY_PHONE = "By phone, name and code:"


def _waits_for_approval(view: ActionView) -> bool:
    """Whether the plan is confirmed and only a second person is missing."""
    return bool(view.confirmed_by and view.approvals_missing and view.running)


class ActionScreen(Frame):
    """The plan or run in question. Only the typed phrase applies a plan: no key and no click does."""

    NAME = "action"

    view: ActionView | None = None
    _shown = ""
    _log: Sequence[Sent] | None = None

    def body(self) -> Iterable[Widget]:
        """Head, plan and journal, and the line that confirms."""
        yield Lines(self._head_lines, id="head")
        yield Reader(self._body_lines, id="plan")
        yield Horizontal(Lines(self._prompt_lines, id="prompt"), Input(id="phrase"), id="confirm")

    def read(self, changes: Changes | None) -> None:
        """Read the run; a plan that waits puts the cursor into the confirming line, once."""
        uid = self.bridge.action_uid()
        self.view = view = self.bridge.desk.actions.get(uid) if uid else None
        if self._log is not None and view is not None:
            self._log = self.bridge.desk.actions.sent(view.target)
        confirms = view is not None and (view.can_confirm or _waits_for_approval(view))
        self.query_one("#confirm").display = confirms
        plan = f"{uid} {confirms} {view is not None and view.can_confirm}"
        if plan != self._shown:
            self._shown, self._log = plan, None
            box = self.query_one("#phrase", Input)
            box.value = ""
            (box if confirms else self.query_one("#plan")).focus()
            self.query_one("#plan", Reader).to_top()

    def tick(self, now: datetime) -> None:
        """Count the plan's time down."""
        if self.view is not None:
            self.query_one("#prompt").styles.width = min(len(self._prompt()) + 1, max(20, self.size.width - 24))
        super().tick(now)

    def standing(self) -> Standing:
        """The run on show; its journal is what `y` copies."""
        view = self.view
        if view is None:
            return super().standing()
        words = "\n".join(f"{entry.at:%Y-%m-%dT%H:%M:%SZ} {entry.text}" for entry in view.lines)
        return replace(super().standing(), action=view.uid, copyable=words)

    def hinted(self, standing: Standing) -> Sequence[Command]:
        """Only what can be done with this run now, so that `undo` stands there when there is something to undo."""
        return [each for each in super().hinted(standing) if not each.where or each.when(standing) is None]

    def show_log(self) -> None:
        """Show the exact requests that were ever sent for this target, or the run again."""
        if self.view is not None:
            self._log = None if self._log is not None else self.bridge.desk.actions.sent(self.view.target)
            self.query_one("#plan", Reader).to_top()
            self.draw(None)

    def leave(self) -> bool:
        """Leave the log, or the confirming line."""
        if self._log is not None:
            self.show_log()
            return True
        had = self.query_one("#phrase").has_focus
        if had:
            self.query_one("#plan").focus()
        return had

    def type_phrase(self) -> None:
        """Put the cursor into the confirming line."""
        if self.view is not None and (self.view.can_confirm or _waits_for_approval(self.view)):
            self.query_one("#phrase").focus()

    @on(Input.Submitted, "#phrase")
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if self.view is None:
            return
        try:
            if _waits_for_approval(self.view):
                self._approved_by_phone(self.view, event.value)
            else:
                self.bridge.desk.actions.confirm(self.view.uid, event.value)
        except CockpitError as error:
            self.bridge.tell(str(error), "error")
            return
        self.draw(None)

    def _approved_by_phone(self, view: ActionView, typed: str) -> None:
        """Take `NAME CODE` as it was read out."""
        name, _, code = typed.strip().partition(" ")
        if not code:
            raise BadInput("Type the approver's name and the code that they read out.")
        desk = self.bridge.desk
        room = Approvals(desk.feed, desk.actions, desk.operator, spent=desk.runbooks.codes_used)
        room.approve_by_phone(view.uid, name, code)
        self.query_one("#phrase", Input).value = ""

    def _head_lines(self, width: int) -> Sequence[Line]:
        if self.view is None:
            return no_action(width)
        profile = "DRILL" if self.header.kind == "drill" else self.header.profile.upper()
        return head_lines(self.view, self.now, width, profile=profile)

    def _body_lines(self, width: int) -> Sequence[Line]:
        if self.view is None:
            return []
        if self._log is not None:
            return log_lines(self._log, self.view.target, width)
        started = not self.view.can_discard
        told = body_lines(self.view, self.now, width, journal_first=started)
        return [*result_lines(self.view, width), *told]

    def _prompt(self) -> str:
        if self.view is not None and _waits_for_approval(self.view):
            return _BY_PHONE
        return f"Type {self.view.phrase} to apply:" if self.view is not None else ""

    def _prompt_lines(self, width: int) -> Sequence[Line]:
        if self.view is None:
            return []
        if _waits_for_approval(self.view):
            return [line((_BY_PHONE, Tone.KEY))]
        return [line(("Type ", Tone.KEY), (self.view.phrase, Tone.STRONG), (" to apply:", Tone.KEY))]

"""The runbook: steps on the left, the current step with its live output and what decides it on the right."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from cockpit.desk.views import Changes, CheckView
from cockpit.runbooks.view import RunView, StepView
from screens.commands import Standing
from screens.frame import Frame
from screens.present.lines import Line, rule
from screens.present.runbook import current_lines, head_lines, no_run, output_lines, step_line
from screens.widgets.lines import Lines, Reader
from screens.widgets.rows import Rows


class RunbookScreen(Frame):
    """The runbook run in question."""

    NAME = "runbook"

    view: RunView | None = None
    _health: CheckView | None = None
    _current = ""

    def body(self) -> Iterable[Widget]:
        """Steps, the current step, and what it prints."""
        steps = Rows[StepView](lambda step: step.id, lambda step, width, now: step_line(step, width), id="steps")
        yield Reader(no_run, id="none")
        yield Vertical(
            Lines(self._head_lines, id="head"),
            Horizontal(
                Vertical(Lines(self._steps_rule, classes="rule"), steps, id="left"),
                Vertical(
                    Lines(self._step_rule, classes="rule"),
                    Reader(self._step_lines, id="step"),
                    Lines(self._output_rule, id="output-rule", classes="rule"),
                    Reader(self._output_lines, id="output"),
                    classes="right",
                ),
            ),
            id="panes",
        )

    def on_mount(self) -> None:
        """Give the keys to the current step."""
        super().on_mount()
        self.query_one("#step").focus()

    @property
    def steps(self) -> Rows[StepView]:
        """The list of steps."""
        return self.query_one("#steps", Rows)

    def read(self, changes: Changes | None) -> None:
        """Read the run; the cursor follows the current step, and output is followed to its end."""
        uid = self.bridge.run_uid()
        self.view = view = self.bridge.desk.runbooks.get(uid) if uid else None
        self.query_one("#none").display = view is None
        self.query_one("#panes").display = view is not None
        if view is None:
            return
        self._health = self._health_of(view)
        self.steps.set_items(view.steps, self.now)
        current = view.current.id if view.current is not None else ""
        if current != self._current:
            self._current = current
            self.steps.select(current)
            self.query_one("#step", Reader).to_top()
        output = bool(view.output)
        self.query_one("#output").display = output
        self.query_one("#output-rule").display = output

    def _health_of(self, view: RunView) -> CheckView | None:
        """The check that the run's target is judged by: the worst of the first domain among the inputs."""
        for value in view.inputs.values():
            domain = self.bridge.desk.domain(value) if "." in value else None
            if domain is not None and domain.checks:
                return domain.checks[0]
        return None

    def standing(self) -> Standing:
        """The exact command, or the step's text, is what `y` copies."""
        view = self.view
        if view is None:
            return super().standing()
        words = "\n".join(" ".join(argv) for argv in view.command) or view.text
        return replace(
            super().standing(), run=view.uid, copyable=words, action=view.action or self.bridge.action_uid()
        )

    def _head_lines(self, width: int) -> Sequence[Line]:
        return head_lines(self.view, self.now, width) if self.view is not None else []

    def _steps_rule(self, width: int) -> Sequence[Line]:
        done = f"{self.view.done} done" if self.view is not None else ""
        return [rule("Steps", width, done, active=self.steps.has_focus)]

    def _step_rule(self, width: int) -> Sequence[Line]:
        reader = self.query_one("#step", Reader)
        more = f"{reader.hidden_below} more" if reader.hidden_below else ""
        title = f"Step {self.view.number}" if self.view is not None and self.view.current else "Step"
        return [rule(title, width, more, active=reader.has_focus)]

    def _step_lines(self, width: int) -> Sequence[Line]:
        return current_lines(self.view, self._health, self.now, width) if self.view is not None else []

    def _output_rule(self, width: int) -> Sequence[Line]:
        return [rule("Output", width, active=self.query_one("#output").has_focus)]

    def _output_lines(self, width: int) -> Sequence[Line]:
        return output_lines(self.view, width) if self.view is not None else []

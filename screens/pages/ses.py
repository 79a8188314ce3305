"""Sending by SES: the rates as plots with their runway, who stopped what, and what is said about the mail."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from msgspec.structs import replace
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widget import Widget

from cockpit.desk.health.ses_sends import Sends
from cockpit.desk.health.ses_views import Rate, Status
from cockpit.desk.views import Changes
from cockpit.errors import NotFound
from screens.commands import Standing
from screens.frame import Frame
from screens.present.domain import tab_line
from screens.present.lines import EMPTY, Line, Tone, line, rule, wrap
from screens.present.ses import account_line, call_lines, check_lines, identity_lines, rate_lines, state_lines
from screens.present.ses_estate import estate_lines
from screens.present.ses_kit import Asked, Tested, kit_lines, test_lines
from screens.present.ses_news import alarm_lines, feedback_lines, health_lines, suppression_lines
from screens.present.ses_plot import Picture, picture
from screens.present.ses_sends import failure_picture, send_lines
from screens.widgets.lines import Lines, Reader
from screens.widgets.plot import Plot

_PANES = {
    "bounce": "Bounces",
    "complaint": "Complaints",
    "sends": "Sends",
    "state": "State",
    "alarms": "Alarms",
    "health": "Health",
    "feedback": "Feedback",
    "calls": "Calls",
    "keys": "Keys",
    "kit": "Kit",
}
_PLOTS = ("bounce", "complaint")
_SENDS = "sends"
_DRAWN = (*_PLOTS, _SENDS)
"""Parts with a plot; on a wide screen the rates stand at the left, and the sends are one of the parts beside."""
_ASKED = {"keys": ("estate", "board"), "kit": ("provision", "status")}
"""Parts that only AWS can answer, and the command that a child is sent with."""


class SesScreen(Frame):
    """One account at a time. On a narrow screen one part is shown; on a wide one both plots stand beside a part."""

    NAME = "ses"
    BINDINGS = [
        Binding("tab", "turn(1)", "Next part", show=False),
        Binding("shift+tab", "turn(-1)", "Part before", show=False),
    ]

    _pane = "bounce"
    _target = ""
    _accounts: Sequence[str] = ()
    _status: Status | None = None
    _rates: Sequence[Rate] = ()
    _sent: Sends | None = None
    _answers: Mapping[str, tuple[datetime, Any]] = {}
    _asking = ""
    _trouble: Mapping[str, str] = {}
    _test: Tested | None = None
    close = False

    def body(self) -> Iterable[Widget]:
        """The account in one line and the parts; `_arrange` shows or hides them."""
        yield Lines(self._title_lines, id="title")
        yield Horizontal(
            Vertical(*(part for name in _PLOTS for part in self._plot_parts(name)), id="left"),
            Vertical(
                *self._plot_parts(_SENDS),
                *(Reader(partial(self._part, name), id=name) for name in _PANES if name not in _DRAWN),
                id="right",
            ),
        )

    def _plot_parts(self, name: str) -> Iterable[Widget]:
        yield Plot(lambda: self._picture(name), id=f"plot-{name}", classes=name)
        yield Lines(lambda width: self._rate_lines(name, width), id=f"text-{name}", classes=name)

    def on_mount(self) -> None:
        """Give the keys to the part on show."""
        super().on_mount()
        self._arrange()

    def on_resize(self, event: Resize) -> None:
        """Show as many parts as there is room for."""
        super().on_resize(event)
        self.call_after_refresh(self._arrange)

    def read(self, changes: Changes | None) -> None:
        """Read the account again when something of it changed."""
        if changes is not None and not (changes.account or changes.domains):
            return
        room = self.bridge.desk.sending
        self._accounts = room.accounts()
        if self._target not in self._accounts:
            self._target = self._accounts[0] if self._accounts else ""
        self._status, self._rates, self._sent = None, (), None
        if self._target:
            self._status, self._rates = room.status(self._target), room.rates(self._target)
            self._sent = room.sends(self._target)

    def turn_account(self) -> str:
        """Show the next account and return its target; raises NotFound where there is no other."""
        if len(self._accounts) < 2:
            raise NotFound(
                "Only one account is watched; more of them stand under ses.accounts in the configuration."
            )
        self._target = self._accounts[(self._accounts.index(self._target) + 1) % len(self._accounts)]
        self.draw(None)
        return self._target

    @property
    def target(self) -> str:
        """The account on show, `ses:ACCOUNT/REGION`; empty while none was looked at."""
        return self._target

    def tick(self, now: datetime) -> None:
        """Paint clocks and ages again, and the plots as time moves on."""
        super().tick(now)
        for plot in self.query(Plot):
            if plot.display:
                plot.redraw()

    def action_turn(self, by: int) -> None:
        """Go to the next part, or to the one before."""
        names = [name for name in _PANES if not (self.wide and name in _PLOTS)]
        at = names.index(self._pane) if self._pane in names else -1
        self.show_pane(names[(at + by) % len(names)])

    def show_pane(self, name: str) -> None:
        """Show one part; what only AWS can answer is asked when it is first shown."""
        self._pane = name
        self._arrange()
        if name in _ASKED and name not in self._answers and not self._asking:
            self.bridge.perform("ses.ask")

    @property
    def keys(self) -> Sequence[tuple[str, str]]:
        """Our DKIM keys as (domain, selector), as they were last read; empty while they were not."""
        _, answer = self._answers.get("keys", (None, None))
        return [(str(each["domain"]), str(each["selector"])) for each in answer["keys"]] if answer else ()

    @property
    def question(self) -> tuple[str, Sequence[str]]:
        """The part on show and what its child is asked; empty for a part that the watch keeps up to date."""
        return (self._pane, _ASKED[self._pane]) if self._pane in _ASKED else ("", ())

    def asking(self, pane: str) -> None:
        """A child was sent for this part."""
        self._asking = pane
        self.tick(self.now)

    def answered(self, pane: str, answer: Any, trouble: str = "") -> None:
        """It came back with an answer, or with the sentence why not; an older answer stays, with its age."""
        self._asking = ""
        self._trouble = {**self._trouble, pane: trouble}
        if not trouble:
            self._answers = {**self._answers, pane: (self.now, answer)}
        self.tick(self.now)

    def testing(self, kind: str) -> None:
        """A test mail is on its way; the part Kit shows how far it came."""
        self._test = Tested(kind, None, None, "")
        self.show_pane("kit")

    def tested(self, kind: str, answer: Any, trouble: str = "") -> None:
        """It was followed to its end, or not, for a reason."""
        self._test = Tested(kind, self.now, answer, trouble)
        self.tick(self.now)

    @property
    def wide(self) -> bool:
        """Whether the plots stand beside another part."""
        return self.has_class("-wide") or self.has_class("-xwide")

    def _arrange(self) -> None:
        wide = self.wide
        if wide and self._pane in _PLOTS:
            self._pane = "state"
        tall = self.has_class("-tall")
        plots = [name for name in _PLOTS if (wide and tall) or name == self._pane or (wide and name == "bounce")]
        self.query_one("#left").display = wide or self._pane in _PLOTS
        right = self.query_one("#right")
        right.display = wide or self._pane not in _PLOTS
        right.set_class(wide, "right")
        for name in _PLOTS:
            for part in self.query(f".{name}"):
                part.display = name in plots
        for part in self.query(f".{_SENDS}"):
            part.display = self._pane == _SENDS
        for name in _PANES:
            if name not in _DRAWN:
                self.query_one(f"#{name}").display = name == self._pane
        if self._pane in _DRAWN:
            self.set_focus(None)
        else:
            self.query_one(f"#{self._pane}").focus()
        self.tick(self.now)
        self.call_after_refresh(self.tick, self.now)

    def standing(self) -> Standing:
        """The account's identity of copyable interest: its target."""
        return replace(super().standing(), copyable=self._target)

    def _title_lines(self, width: int) -> Sequence[Line]:
        if self._status is None:
            words = "No SES account was looked at yet: set aws.account and aws.region, and let a watch run."
            return [*wrap(words, width, Tone.MUTED)]
        position = self._accounts.index(self._target) + 1
        names = {name: title for name, title in _PANES.items() if not (self.wide and name in _PLOTS)}
        return [
            account_line(self._status, position, len(self._accounts), self.now, width),
            tab_line(names, self._pane, {}, width, alone=False) if width >= 110 else self._short_tabs(names, width),
        ]

    def _short_tabs(self, names: dict[str, str], width: int) -> Line:
        spans = [
            span
            for name, title in names.items()
            for span in (
                ("▸" if name == self._pane else " ", Tone.KEY),
                (title, Tone.TITLE if name == self._pane else Tone.MUTED),
            )
        ]
        return line(*spans, ("  tab", Tone.KEY))

    def _picture(self, name: str) -> Picture | None:
        if name == _SENDS:
            return failure_picture(self._sent, self.now) if self._sent is not None else None
        rate = next((each for each in self._rates if each.name == name), None)
        return picture(rate, self.now, close=self.close) if rate is not None and rate.points else None

    def _rate_lines(self, name: str, width: int) -> Sequence[Line]:
        if name == _SENDS:
            namespace = self.bridge.desk.settings.ses.namespace
            return send_lines(self._sent, namespace, self.now, width) if self._sent is not None else []
        rate = next((each for each in self._rates if each.name == name), None)
        if rate is None:
            return []
        return [rule("", width), *rate_lines(rate, self.now, width)]

    def _part(self, name: str, width: int) -> Sequence[Line]:
        """The lines of one of the parts that are read."""
        if self._status is None:
            return []
        room, now, target = self.bridge.desk.sending, self.now, self._target
        if name == "state":
            checks = check_lines(self._status.checks, now, width)
            identities = identity_lines(room.identities(), now, width)
            return [*state_lines(self._status, width), EMPTY, *checks, EMPTY, *identities]
        if name in _ASKED:
            at, answer = self._answers.get(name, (None, None))
            asked = Asked(at, answer, self._asking == name, self._trouble.get(name, ""))
            if name == "keys":
                return estate_lines(asked, now, width)
            return [*test_lines(self._test, now, width), *kit_lines(asked, now, width)]
        if name == "alarms":
            return alarm_lines(room.alarms(target), now, width)
        if name == "health":
            return health_lines(room.health(target), room.advice(target), now, width)
        if name == "feedback":
            compared = suppression_lines(room.suppression(target), now, width)
            return [*feedback_lines(room.feedback(target), now, width), EMPTY, *compared]
        return call_lines(room.calls(target), width)

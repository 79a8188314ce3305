"""The app: main screens as modes, one tick that asks the desk what changed, and the way in and out."""

import gc
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

from cockpit.desk import Desk
from cockpit.desk.place import Place
from cockpit.desk.views import Changes
from cockpit.launching import REOPEN, Launcher
from screens.attention import POP_TITLE, PUSH_TITLE, Attention, title
from screens.bridge import Bridge
from screens.commands import Standing
from screens.frame import Frame
from screens.keys import KeyMap
from screens.themes import DEFAULT_THEME

POLL_S = 0.05
"""Seconds between two looks at the database's version; nothing else is read while it stands still."""

_SCREENS: Mapping[str, str] = {
    "board": "screens.pages.dashboard:Board",
    "domain": "screens.pages.domain:DomainScreen",
    "incident": "screens.pages.incident:IncidentScreen",
    "runbook": "screens.pages.runbook:RunbookScreen",
    "action": "screens.pages.action:ActionScreen",
    "timeline": "screens.pages.timeline:TimelineScreen",
    "review": "screens.pages.review:ReviewScreen",
    "people": "screens.pages.people:PeopleScreen",
    "told": "screens.pages.told:ToldScreen",
    "ses": "screens.pages.ses:SesScreen",
    "suppressed": "screens.pages.suppressed:SuppressedScreen",
}
"""Where each main screen is; it is imported when it is first shown, so that the board is there sooner."""

_STYLES = (
    "cockpit",
    "dashboard",
    "domain",
    "incident",
    "runbook",
    "action",
    "review",
    "ses",
    "suppressed",
    "people",
)
"""All styles are read at once: a screen that brought its own would make Textual parse everything again."""

ABOUT_INCIDENT = ("incident", "timeline", "people", "told", "runbook", "action", "review")
"""Screens on which one looks at the incident in question, as the other terminals are told."""

DUTIES_S = 60.0
"""Seconds between two looks at what is overdue."""

KEEP_S = 5.0
"""Seconds between two times of remembering where the operator is."""

SETTLED_S = 1.0
"""Seconds after the first paint at which what was put off for it is done."""


class CockpitApp(Bridge):
    """The cockpit on one desk. With `poll` off nothing happens by itself: tests call `poll()` and `second()`."""

    CSS_PATH = [Path(__file__).with_name(f"{name}.tcss") for name in _STYLES]
    DEFAULT_MODE = "board"

    def __init__(
        self,
        desk: Desk,
        *,
        keys: KeyMap | None = None,
        launcher: Launcher | None = None,
        theme: str = DEFAULT_THEME,
        on_signal: Callable[[signal.Signals], None] | None = None,
        settle_s: float = 0.3,
        poll: bool = True,
        ensure_watch: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(desk, keys=keys, launcher=launcher, theme=theme, on_signal=on_signal, settle_s=settle_s)
        self._polls = poll
        self._attention = Attention()
        self._visited: list[str] = []
        self._title = ""
        self._late = 0
        self._ensure_watch = ensure_watch
        for name, place in _SCREENS.items():
            self.add_mode(name, partial(_make, place, self))

    def on_mount(self) -> None:
        """Start the tick."""
        self._attention.is_called_for(self.desk.alerts())
        self._to_terminal(PUSH_TITLE)
        if self._polls:
            self.set_interval(KEEP_S, self.keep_place)
            self.set_interval(POLL_S, self.poll)
            self.set_interval(1.0, self.second)
            self.set_timer(SETTLED_S, self._settle_in)
        self.call_after_refresh(self._reopen)
        self.call_after_refresh(self._start_watch)

    def _reopen(self) -> None:
        """Go on from the board to where the cockpit was left."""
        left = self.session.place.screen
        if left != "board":
            self.go(left)
            self.tell(f"Opened where it was left; {self.keys.label('board.show')} goes to the board.", seconds=4)

    def _start_watch(self) -> None:
        """See to a watch, now that the board is up; where none can be started the cockpit opens all the same."""
        if self._ensure_watch is not None:
            with self.enduring():
                self._ensure_watch()
                self.await_watch()
                self._draw(None)

    def _settle_in(self) -> None:
        """Import what the first key may need, and keep the collector away from what will stay."""
        import_module("screens.moves")
        with self.enduring():
            self.read_duties()
        self.set_interval(DUTIES_S, self.read_duties)
        gc.freeze()

    def on_unmount(self) -> None:
        """Give the terminal its title back, and let the others know that nobody sits here any more."""
        if "terminals" in vars(self.desk) and not self.desk.read_only:
            with self.enduring():
                self.desk.terminals.leave()
        self._to_terminal(POP_TITLE)

    def move(self, command_id: str, standing: Standing, argument: str) -> Awaitable[None]:
        """What a command does; the moves are imported with the first one."""
        from screens.moves import MOVES

        return MOVES[command_id](self, standing, argument)

    def keep_place(self) -> None:
        """Remember where the operator is, to open there again."""
        self.session.keep(self.place())

    def place(self) -> Place:
        """Where the operator is now, and what the board lists."""
        board = next((frame for frame in self._frames() if frame.NAME == "board"), None)
        here = Place(
            screen=self.current_mode,
            incident=self.chosen_incident or self.incident_uid(),
            run=self.run_uid(),
            action=self.action_uid(),
            domain=self.chosen_domain,
            theme=self.theme,
        )
        return board.placed(here) if board is not None else here

    def poll(self) -> None:
        """Take in what others wrote, let it settle what waits for it, and paint it."""
        with self.enduring():
            changes = self.desk.refresh()
            if not changes:
                return
            settled = bool(changes.domains or changes.streams) and self._settle()
            self._draw(None if settled else changes)
            if changes.alerts and self._attention.is_called_for(self.desk.alerts()):
                self.bell()

    def second(self) -> None:
        """Let ages and clocks go on, time-outs run out, and runs without a runner be taken up."""
        self.heal_size()
        with self.enduring():
            self.settle_duties()
            if self._settle():
                self._draw(None)
            self._watch_clocks()
            screen = self._drawable()
            if screen is not None:
                screen.tick(self.desk.clock.now())

    def _watch_clocks(self) -> None:
        """Ring once for each clock that runs out, and show the other terminals that this one is here."""
        desk, now = self.desk, self.desk.clock.now()
        late = desk.clocks.breaches(now) if desk.incidents.open_incidents() else ()
        if self._attention.rings_for(late):
            self.bell()
        if len(late) != self._late:
            self._late = len(late)
            self._draw(None)
        if not desk.read_only:
            desk.terminals.show(self.incident_uid() if self.current_mode in ABOUT_INCIDENT else "")

    def _settle(self) -> bool:
        """Whether a step of a runbook ended."""
        moved = self.desk.runbooks.tick(self.desk.clock.now())
        if not self.desk.read_only:
            self.desk.actions.resume_orphans()
        return moved

    def refresh_now(self) -> None:
        """Read what was just written here, and paint it."""
        with self.enduring():
            self.desk.refresh()
            self._draw(None)

    def standing(self) -> Standing:
        """Where the operator stands now."""
        screen = self._drawable()
        return screen.standing() if screen is not None else self.standing_base(self.current_mode)

    def main_screen(self) -> Frame | None:
        """The main screen on show, under any dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Frame)), None)

    def _drawable(self) -> Frame | None:
        """The main screen on show; None while it is only being put up and has nothing in it yet."""
        screen = self.main_screen()
        return screen if screen is not None and screen.is_mounted else None

    def go(self, screen: str) -> None:
        """Show one of the main screens; what was being written is saved first."""
        if screen == self.current_mode:
            return
        self._save_all()
        self.call_after_refresh(self.keep_place)
        self._visited.append(self.current_mode)
        del self._visited[:-20]
        self.switch_mode(screen)

    def go_back(self) -> None:
        """Show the main screen that was left last; from there on, the board."""
        target = self._visited.pop() if self._visited else "board"
        if target != self.current_mode:
            self.switch_mode(target)

    def pending(self) -> Sequence[str]:
        """What is unsaved or under way, a sentence each."""
        self._save_all()
        self.keep_place()
        unsaved = [frame.unsaved for frame in self._frames() if frame.unsaved]
        return [*unsaved, *self.under_way()]

    def _save_all(self) -> None:
        for frame in self._frames():
            frame.save()

    def _frames(self) -> list[Frame]:
        """The main screens that were shown so far."""
        shown = [screen for stack in self._screen_stacks.values() for screen in stack if isinstance(screen, Frame)]
        return [frame for frame in shown if frame.is_mounted]

    def _draw(self, changes: Changes | None) -> None:
        screen = self._drawable()
        if screen is None:
            return
        screen.draw(changes)
        words = title(screen.header, self._late)
        if words != self._title:
            self._title = words
            self._to_terminal(words)

    def _to_terminal(self, sequence: str) -> None:
        """Write one of our own sequences; none of them carries text from outside."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)


def _make(place: str, bridge: Bridge) -> Frame:
    """Import a main screen and make it."""
    module, _, name = place.partition(":")
    frame: Frame = getattr(import_module(module), name)(bridge)
    return frame


def run_app(
    desk: Desk,
    *,
    launcher: Launcher | None = None,
    on_signal: Callable[[signal.Signals], None] | None = None,
    ensure_watch: Callable[[], object] | None = None,
) -> int:
    """Open the cockpit on `desk` and return its exit code, or `launcher.REOPEN`.

    Raises ConfigError when the configured keys cannot be used. `on_signal` is told before SIGTERM or SIGHUP ends
    the cockpit (exit codes 143 and 129). `ensure_watch` is called once after the first paint and must not block:
    starting a process before it would only make the board come later.
    """
    settings = desk.settings
    theme = {"high-contrast": "high-contrast-dark"}.get(settings.theme, settings.theme)
    app = CockpitApp(
        desk,
        keys=KeyMap(settings.keys),
        launcher=launcher,
        theme=theme,
        on_signal=on_signal,
        ensure_watch=ensure_watch,
    )
    result = app.run()
    if result == REOPEN:
        return REOPEN
    return app.return_code or 0

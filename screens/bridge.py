"""The app as the screens and the moves see it: the desk, the keys, and one way to ask for anything."""

import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from msgspec.structs import replace
from textual.app import SuspendNotSupported
from textual.screen import ModalScreen

from cockpit.desk import Desk
from cockpit.desk.views import IncidentCard, NextStep
from cockpit.errors import CockpitError, Refused
from cockpit.incident.model import Incident
from cockpit.launching import REOPEN, Launcher
from cockpit.text import visible
from screens.commands import BY_ID, Standing
from screens.keys import KeyMap
from screens.present.duties import Duties, duty_lines, overdue_words, turn_words, under_way_words, verified_words
from screens.present.incident import card_of, clock_words
from screens.present.lines import Line
from screens.session import Session
from screens.shell import Shell
from screens.themes import DEFAULT_THEME

WATCH_PATIENCE_S = 8.0
"""Seconds for which a watch that was just started is awaited."""


class MainScreen(Protocol):
    """What a main screen can be asked for (see `screens.frame.Frame`)."""

    def standing(self) -> Standing:
        """Where the operator stands on it."""
        ...

    def show_filter(self, text: str = "") -> None:
        """Open its filter line."""
        ...

    def leave(self) -> bool:
        """Leave an input or a filter; False when there is none."""
        ...


class Bridge(Shell):
    """The shell with a desk on it. Moves (`screens.moves`) act through this and through nothing else."""

    def __init__(
        self,
        desk: Desk,
        *,
        keys: KeyMap | None = None,
        launcher: Launcher | None = None,
        theme: str = DEFAULT_THEME,
        on_signal: Callable[[signal.Signals], None] | None = None,
        settle_s: float = 0.3,
    ) -> None:
        super().__init__(theme, on_signal)
        self.desk = desk
        self.keys = keys or KeyMap()
        self.launcher = launcher
        self.settle_s = settle_s
        self.opened_at = desk.clock.now()
        self._trouble = ""
        self._moving: set[str] = set()
        self.local_time = False
        self.session = Session(desk)
        place = self.session.place
        self.chosen_incident = place.incident
        self.chosen_run = place.run
        self.chosen_action = place.action
        self.chosen_domain = place.domain
        self.duties = Duties()
        self._watch_by = float("-inf")

    @property
    def zone(self) -> tzinfo:
        """The zone in which timelines are shown and typed times are read."""
        return (datetime.now().astimezone().tzinfo or UTC) if self.local_time else UTC

    def standing(self) -> Standing:
        """Where the operator stands now."""
        raise LookupError("The bridge is not manned.")

    def standing_base(self, screen: str) -> Standing:
        """What holds on every screen: the incident, the run and the action in question."""
        incident = self.incident()
        return Standing(
            self.desk,
            screen,
            incident=incident.uid if incident is not None else "",
            run=self.run_uid(),
            action=self.action_uid(),
        )

    def incident(self) -> Incident | None:
        """The incident in question: the one that was chosen, else the worst open one, else the newest."""
        incidents = self.desk.incidents
        if self.chosen_incident:
            return incidents.get(self.chosen_incident)
        waiting = incidents.open_incidents() or incidents.all()
        return waiting[0] if waiting else None

    def incident_uid(self) -> str:
        """Its uid, or nothing."""
        incident = self.incident()
        return incident.uid if incident is not None else ""

    def run_uid(self) -> str:
        """The runbook run in question: the one that was chosen, else the newest of the incident."""
        incident = self.incident()
        if incident is None or not incident.runs:
            return self.chosen_run
        return self.chosen_run if self.chosen_run in incident.runs else incident.runs[-1]

    def action_uid(self) -> str:
        """The action in question: the chosen one, else the newest of the incident, else the newest open one.

        The room of the actions is not entered for it: the first screen does not wait for that.
        """
        incident = self.incident()
        if incident is None or not incident.actions:
            entered = "actions" in vars(self.desk)
            return self.chosen_action or (self.desk.actions.newest_open() if entered else "")
        return self.chosen_action if self.chosen_action in incident.actions else incident.actions[-1]

    def cards(self) -> Sequence[IncidentCard]:
        """The open incidents, worst first."""
        now, incidents = self.desk.clock.now(), self.desk.incidents
        return [
            card_of(incident, incidents.deadlines(incident.uid, now), self.progress(incident), now)
            for incident in incidents.open_incidents()
        ]

    def card(self) -> IncidentCard | None:
        """The card of the incident in question while it is open, else the worst open one.

        Its clock is the one that the header counts down: of any open incident, and of check-ins and tasks too.
        """
        cards = self.cards()
        if not cards:
            return None
        card = next((card for card in cards if card.uid == self.chosen_incident), cards[0])
        clock = self.desk.clocks.header(self.desk.clock.now())
        if clock is None:
            return card
        title = clock_words(clock.name, clock.title)
        elsewhere = f"{clock.ref} " if clock.incident != card.uid else ""
        return replace(card, next_deadline=f"{elsewhere}{title}", next_due=clock.due)

    @property
    def trouble(self) -> str:
        """Why the database cannot be read or written at present; empty while it can."""
        return self._trouble

    def await_watch(self) -> None:
        """A watch was started just now: give it some seconds before saying that there is none."""
        self._watch_by = self.desk.clock.monotonic() + WATCH_PATIENCE_S

    @property
    def watch_is_awaited(self) -> bool:
        """Whether a watch was started so lately that it may not have spoken yet."""
        return self.desk.clock.monotonic() < self._watch_by

    def while_watch_starts(self, step: NextStep) -> NextStep:
        """The Next line's step; while a watch is starting, to start another is not one."""
        if step.command != "watch.start" or not self.watch_is_awaited:
            return step
        return NextStep("wait a moment: the watch starts, first answers come within seconds", "", "board.show")

    def read_duties(self) -> None:
        """Read what is overdue; a drill has no duties of its own."""
        if self.desk.profile.is_drill:
            return
        desk, now = self.desk, self.desk.clock.now()
        due, last, going = desk.verification.due(), desk.verification.last(), desk.verification.under_way()
        told = ""
        if going is not None:
            told = under_way_words(going, now)
        elif due.overdue:
            told = overdue_words(last, due, now)
        waiting = [f"{turn.title}: {turn_words(turn, now)}" for turn in desk.runbooks.turns() if turn.waits]
        self.duties = Duties(desk.practice.overdue(), tuple(waiting), told, going=going is not None)

    def settle_duties(self) -> None:
        """Finish a verification once everything was looked at, and say what came out of it."""
        if self.duties.going:
            done = self.desk.verification.settle()
            if done is not None:
                self.tell(verified_words(done))
            self.read_duties()

    def duty_lines(self, width: int) -> Sequence[Line]:
        """What is overdue beside the incidents: practice and verification by hand."""
        return duty_lines(self.duties, self.keys.label, width)

    def progress(self, incident: Incident) -> str:
        """Where the incident's newest runbook stands, in a few words."""
        runs = self.desk.runbooks.of_incident(incident.uid)
        return f"runbook {runs[-1].number}/{runs[-1].total}" if runs else ""

    def perform(self, command_id: str, argument: str = "") -> None:
        """Do what a command means here, or say why not. Returns at once; dialogs go on by themselves."""
        standing = self.standing()
        reason = BY_ID[command_id].when(standing) if not argument else None
        if reason is not None:
            self.tell(reason, "warning")
            return
        if command_id in self._moving:
            # A second press before the first was taken in means the same thing, and is one.
            return
        self._moving.add(command_id)
        self.run_worker(self._move(command_id, standing, argument), group="moves", name=command_id)

    async def _move(self, command_id: str, standing: Standing, argument: str) -> None:
        try:
            await self.move(command_id, standing, argument)
        except CockpitError as error:
            self.tell(str(error), "error")
        finally:
            self._moving.discard(command_id)
        self.refresh_now()

    def move(self, command_id: str, standing: Standing, argument: str) -> Awaitable[None]:
        """What a command does (see `screens.moves`)."""
        raise LookupError("The bridge is not manned.")

    def refresh_now(self) -> None:
        """Draw the screen from the desk as it is now."""

    def tell(self, sentence: str, severity: str = "information", *, seconds: float = 6) -> None:
        """Say something in a toast; text is never parsed."""
        level = severity if severity in ("information", "warning", "error") else "information"
        self.notify(visible(sentence, limit=400), severity=level, markup=False, timeout=seconds)  # type: ignore[arg-type]

    def clear_news(self) -> None:
        """Take good news away, which would cover a dialog and its keys; what went wrong stays to be read."""
        for notification in list(self._notifications):
            if notification.severity == "information":
                self._unnotify(notification, refresh=False)
        self._refresh_notifications()

    @contextmanager
    def enduring(self) -> Iterator[None]:
        """What goes wrong on purpose inside the block is said once, and the screen stays as it was.

        A database that cannot be read or written for a while must not take the cockpit away.
        """
        try:
            yield
        except CockpitError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                self.tell(self._trouble, "error")
        else:
            self._trouble = ""

    async def ask(self, dialog: ModalScreen[str]) -> str | None:
        """Show a dialog and wait for its answer; None when it was left."""
        self.clear_news()
        return await self.push_screen_wait(dialog)

    async def confirm(self, dialog: ModalScreen[bool]) -> bool:
        """Show a yes-or-no dialog and wait for its answer."""
        self.clear_news()
        answer: bool | None = await self.push_screen_wait(dialog)
        return bool(answer)

    async def show(self, dialog: ModalScreen[None]) -> None:
        """Show something to be read, until it is left."""
        self.clear_news()
        await self.push_screen_wait(dialog)

    def go(self, screen: str) -> None:
        """Show one of the main screens."""

    def go_back(self) -> None:
        """Show the main screen that was left last."""

    def main_screen(self) -> MainScreen | None:
        """The main screen on show, under any dialog."""
        return None

    def pending(self) -> Sequence[str]:
        """What is unsaved or under way, a sentence each."""
        return ()

    def under_way(self) -> Sequence[str]:
        """What goes on by itself while nobody looks, a sentence each."""
        actions = [
            f"Goes on without this terminal: {view.title} ({view.state})." for view in self.desk.actions.running()
        ]
        runs = [f"Waits half-way: {view.title}, step {view.number} of {view.total}."
                for view in self.desk.runbooks.running()]  # fmt: skip
        return [*actions, *runs]

    def reopen(self) -> None:
        """End, and ask to be started again on a changed configuration."""
        self.exit(REOPEN, return_code=0)

    @contextmanager
    def given_away(self) -> Iterator[None]:
        """The terminal is free for something else inside the block; raises Refused where that cannot be."""
        try:
            suspended = self.suspend()
            suspended.__enter__()
        except SuspendNotSupported:
            raise Refused("This terminal cannot be given to another program.") from None
        try:
            yield
        finally:
            suspended.__exit__(None, None, None)

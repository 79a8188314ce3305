"""Keys are taken one after another, each to its end, so that a burst of them means what was typed.

Textual gives a letter to the focused input at once, but a bound key (n, ⏎, ctrl+u) goes up to the app first and is
done later. A line that delivers several keys in one packet would let letters overtake it: a note would be joined
to the next one, or read as commands. Sources: `App.on_event` and `MessagePump.call_later` of Textual 8.
"""

import asyncio
from contextlib import suppress

from textual.app import App
from textual.events import Event, Key
from textual.message_pump import MessagePump
from textual.widget import Widget
from textual.widgets import Input

PATIENCE_S = 0.5
"""How long a key may hold up the next one: a widget that is taken away never says that it is done."""

LOOK_S = 0.002
"""How often it is looked whether what a key began is done."""


class InOrder(App[int]):
    """An app that handles a key, and what it sets off, before it looks at the next one."""

    def __init__(self) -> None:
        super().__init__()
        self._typed: asyncio.Queue[Key] = asyncio.Queue()
        self._typing = False

    async def on_event(self, event: Event) -> None:
        """Queue keys that come from the terminal; everything else goes its way."""
        if not isinstance(event, Key) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.put_nowait(event)
        if not self._typing:
            self._typing = True
            self.run_worker(self._take_keys(), name="keys", group="keys")

    async def _take_keys(self) -> None:
        """Hand the keys on in order until there is none left."""
        try:
            while not self._typed.empty():
                await self._take(self._typed.get_nowait())
        finally:
            self._typing = False

    async def _take(self, key: Key) -> None:
        target: Widget | None = self.focused
        await super().on_event(key)
        if self._typed.empty():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._handled(target or self.screen, key)

    async def _handled(self, target: Widget, key: Key) -> None:
        """Wait until a key has gone up from its widget to the app, and what it set off has been done.

        A letter ends in the input. Any other key is bound somewhere on the way; what it posts goes the same way
        once more, a move is waited for until it is done or asks something, and then the screen is drawn.
        """
        # Imported here: the first screen has no text area, and it brings a good deal along.
        from textual.widgets import TextArea

        if key.is_printable and (isinstance(target, Input | TextArea) or getattr(target, "takes_letters", False)):
            await _passed(target)
            return
        screen, path = self.screen, [target, *target.ancestors]
        for pump in (*path, *path):
            await _passed(pump)
        while self.screen is screen and self._is_moving():  # noqa: ASYNC110 -- screen or worker may change first
            await asyncio.sleep(LOOK_S)
        drawn = asyncio.Event()
        if self.screen.call_after_refresh(drawn.set):
            await drawn.wait()

    def _is_moving(self) -> bool:
        return any(worker.group == "moves" and worker.is_running for worker in self.workers)


async def _passed(pump: MessagePump) -> None:
    """Wait until a pump has handled what it holds now."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        await done.wait()

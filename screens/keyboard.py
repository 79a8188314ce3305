"""Keys are taken one after another, each to its end, so that a burst of them means what was typed.

Textual gives a letter to the focused input at once, but a bound key (n, ⏎, ctrl+u) goes up to the app first and is
done later. A line that delivers several keys in one packet would let letters overtake it: a note would be joined
to the next one, or read as commands. Sources: `App.on_event` and `MessagePump.call_later` of Textual 8.

A terminal sends Alt with a key as Esc and the key, and so does a line that brings both at once when somebody
pressed Esc and then a key. Nothing here is bound to Alt and a letter or digit, so Esc is what was meant.
"""

import asyncio
from collections.abc import Iterator

from textual.app import App
from textual.events import Event, Key
from textual.message_pump import MessagePump
from textual.widget import Widget
from textual.widgets import Input

LOOK_S = 0.002
"""How often it is looked whether what a key began is done."""

LOOKS = 250
"""How often a key may be looked after before the next one goes on: a widget that is taken away never says that it
is done. Looks are counted and not seconds, because none is made while the app is busy with importing or drawing.
"""

ALT_DIGITS = dict(zip("¡™£¢∞§¶•ªº–≠", "1234567890-=", strict=True))
"""What Textual reads Esc and a digit, `-` or `=` as (`ANSI_SEQUENCES_KEYS`): the signs of Option on a Mac."""


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
        for key in as_pressed(event, writing=takes_letters(self.focused)):
            self._typed.put_nowait(key)
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
        handled = asyncio.create_task(self._handled(target or self.screen, key))
        for _ in range(LOOKS):
            await asyncio.wait({handled}, timeout=LOOK_S)
            if handled.done():
                return handled.result()
        handled.cancel()

    async def _handled(self, target: Widget, key: Key) -> None:
        """Wait until a key has gone up from its widget to the app, and what it set off has been done.

        A letter ends in the input. Any other key is bound somewhere on the way; what it posts goes the same way
        once more, a move is waited for until it is done or asks something, and then the screen is drawn.
        """
        if key.is_printable and takes_letters(target):
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


def as_pressed(key: Key, *, writing: bool) -> Iterator[Key]:
    """The keys that were pressed: Esc and a key where both came as one.

    While somebody is `writing`, a sign of Option may be what was meant, and stays.
    """
    *modifiers, name = key.key.split("+")
    if "alt" in modifiers and len(name) == 1:
        character = name.upper() if "shift" in modifiers else name
    elif key.character in ALT_DIGITS and not writing:
        character = ALT_DIGITS[key.character]
    else:
        yield key
        return
    yield Key("escape", "\x1b")
    yield Key(character, character)


def takes_letters(target: Widget | None) -> bool:
    """Whether a letter ends in this widget and means nothing else."""
    if target is None or isinstance(target, Input):
        return target is not None
    # Imported here: the first screen has no text area, and it brings a good deal along.
    from textual.widgets import TextArea

    return isinstance(target, TextArea) or bool(getattr(target, "takes_letters", False))


async def _passed(pump: MessagePump) -> None:
    """Wait until a pump has handled what it holds now."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        await done.wait()

"""The last net under hostile text, and the way out when something breaks or the terminal goes away.

Text from outside is made visible where it enters (`cockpit.text.visible`). What slips through is caught here, on
the way to the terminal: every control, bidirectional and zero-width character becomes U+FFFD, and links and click
actions are taken out of every style.
"""

import asyncio
import re
import signal
import sys
from collections.abc import Callable, Sequence
from traceback import format_exception_only

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from cockpit.text import redact, visible

REPLACEMENT = "\ufffd"

_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ue000-\uf8ff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
"""Controls (C0, DEL, C1), bidi and zero-width formats, variation selectors, fillers, private use, surrogates."""


class Net(LineFilter):
    """Replaces what a terminal would obey and drops what a click would run; printable ASCII passes untouched."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return `segments` themselves when nothing in them is wrong, which is nearly always."""
        for text, style, control in segments:
            if control or (style is not None and (style._link or style._meta)) or not _harmless(text):
                return [_cleaned(segment) for segment in segments]
        return segments


def _harmless(text: str) -> bool:
    return (text.isascii() and text.isprintable()) or _HOSTILE.search(text) is None


def _cleaned(segment: Segment) -> Segment:
    text, style, _ = segment
    if not _harmless(text):
        text = _HOSTILE.sub(lambda found: REPLACEMENT * max(1, cell_len(found.group())), text)
    return Segment(text, _inert(style) if style is not None else None)


def _inert(style: Style) -> Style:
    """The style without its link and without actions; other meta data (a widget's own cell addresses) stays."""
    if style._link:
        style = style.update_link(None)
    if style._meta and any(key.startswith("@") for key in style.meta):
        meta = {key: value for key, value in style.meta.items() if not key.startswith("@")}
        style = style.clear_meta_and_links() + Style.from_meta(meta)
    return style


class Uncoloured(LineFilter):
    """Takes every colour out and leaves bold, underline and reverse, for people who set NO_COLOR."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with the terminal's own two colours."""
        return [Segment(text, style.without_color if style is not None else None) for text, style, _ in segments]


def crash_report(error: BaseException | None) -> str:
    """What is printed after a crash: the place and the kind, without locals and with secrets taken out."""
    if error is None:
        return "The cockpit stopped because of an internal error."
    place = ""
    frame = error.__traceback__
    while frame is not None:
        place = f"{frame.tb_frame.f_globals.get('__name__', '?')}:{frame.tb_lineno}"
        frame = frame.tb_next
    words = visible(redact("".join(format_exception_only(error)).strip()), limit=400)
    return (
        f"The cockpit stopped because of an internal error at {place or 'an unknown place'}: {words}\n"
        "Everything acknowledged is in the ledger; start `cockpit` again to go on."
    )


SIGNALS: Sequence[tuple[signal.Signals, int]] = ((signal.SIGTERM, 143), (signal.SIGHUP, 129))
"""Signals that end the cockpit, and the exit code that a shell expects for each (128 + number)."""


def leave_on_signals(leave: Callable[[signal.Signals, int], None]) -> None:
    """Call `leave(signal, exit_code)` in the running loop, so that the terminal is put back before we end.

    Without handlers the process dies at once and leaves the alternate screen and mouse reporting switched on.
    """
    if sys.platform == "win32":
        return
    loop = asyncio.get_running_loop()
    for number, code in SIGNALS:
        loop.add_signal_handler(number, leave, number, code)

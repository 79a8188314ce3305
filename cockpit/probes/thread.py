"""Run a blocking call beside the event loop, in a thread that nobody has to wait for at the end."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(function: Callable[[], Result]) -> Result:
    """The result of `function`, called in a daemon thread of its own; what it raises is raised here.

    A caller that is cancelled leaves the thread to end by itself, and the process may exit before it does: the
    SDK cannot be interrupted, and its executor threads would hold up the exit for the length of a time-out.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[Result] = loop.create_future()

    def deliver(result: Result | None, error: BaseException | None) -> None:
        if waiting.done():
            return
        if error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = function()
        except BaseException as raised:  # noqa: BLE001 - handed to whoever waits
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=run, name="aws-call", daemon=True).start()
    return await waiting

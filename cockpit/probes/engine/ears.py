"""Hears many sockets at once: one look at the kernel per turn of the loop, however many of them have something."""

import asyncio
import select
from collections.abc import Callable

_ROUNDS = 8
"""Looks in a row while there is more, before the rest of the loop has its turn."""

_NESTED = hasattr(select, "epoll")


class Ears:
    """Calls what belongs to a socket when there is something to receive on it.

    The loop is told of one epoll only, which holds all sockets: so it has no handle to make and run for each.
    Where there is no epoll, the loop is told of every socket.
    """

    def __init__(self) -> None:
        self._heard: dict[int, Callable[[], None]] = {}
        self._poll: select.epoll | None = None

    def add(self, number: int, receive: Callable[[], None]) -> None:
        """Call `receive` whenever the socket with this file number has something: it takes one thing at a time."""
        self._heard[number] = receive
        if not _NESTED:
            asyncio.get_running_loop().add_reader(number, receive)
            return
        if self._poll is None:
            self._poll = select.epoll()
            asyncio.get_running_loop().add_reader(self._poll.fileno(), self._listen)
        self._poll.register(number, select.EPOLLIN)

    def remove(self, number: int) -> None:
        """Forget a socket, before it is closed."""
        if self._heard.pop(number, None) is None:
            return
        if self._poll is None:
            asyncio.get_running_loop().remove_reader(number)
            return
        self._poll.unregister(number)
        if not self._heard:
            asyncio.get_running_loop().remove_reader(self._poll.fileno())
            self._poll.close()
            self._poll = None

    def _listen(self) -> None:
        for _ in range(_ROUNDS):
            ready = self._poll.poll(0) if self._poll is not None else ()
            if not ready:
                return
            for number, _event in ready:
                receive = self._heard.get(number)
                if receive is not None:
                    receive()

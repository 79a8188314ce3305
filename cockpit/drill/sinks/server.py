"""All sinks of a world: one plain HTTP listener with a sink behind each path, and a mail server beside it."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cockpit.clock import Clock
from cockpit.drill.sinks.answers import plain_answer
from cockpit.drill.sinks.contract import Sink, SinkFaultKind, Taken
from cockpit.drill.sinks.mail import Letter, MailSink
from cockpit.drill.sinks.status_page import StatusPageSink
from cockpit.drill.web.http import Dropped, HttpServer, Request, Response
from cockpit.errors import BadInput, NotFound
from cockpit.text import visible

RECORD_LIMIT = 500
"""Messages that a world remembers, and as many refusals."""

TEXT_LIMIT = 40_000
"""Characters of a message that are kept, which is what the chat service itself accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message as it came; `delivered` is False when a fault kept the sink from taking it."""

    at: datetime
    sink: str
    text: str
    body: str
    delivered: bool
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One request that a sink would not take, and the status that it was answered."""

    at: datetime
    sink: str
    request: str
    status: int
    body: str


class SinkServer:
    """All sinks on one loopback port; `received` is what they took, `refused` what not, the oldest forgotten."""

    def __init__(self, clock: Clock, sinks: Iterable[Sink], mail: MailSink | None = None) -> None:
        self.received: deque[Received] = deque(maxlen=RECORD_LIMIT)
        self.refused: deque[Refused] = deque(maxlen=RECORD_LIMIT)
        self.mail = mail
        self._clock = clock
        self._sinks = {sink.name: sink for sink in sinks}
        self._faults: dict[str, SinkFaultKind] = {}
        self._closing = asyncio.Event()
        self._server = HttpServer(self._handle)

    async def start(self) -> None:
        """Bind."""
        await self._server.start()
        if self.mail is not None:
            await self.mail.start(
                self._take_letter, lambda: self._faults.get(self.mail.name) if self.mail else None
            )

    async def close(self) -> None:
        """Unbind, cut what is open and give up what was kept waiting."""
        self._closing.set()
        await self._server.close()
        if self.mail is not None:
            await self.mail.close()

    def url(self, sink: str) -> str:
        """Where a sink takes its messages, or what its API's paths are appended to."""
        return f"http://127.0.0.1:{self._server.port}{self.sink(sink).path}"

    def sink(self, name: str) -> Sink:
        """A sink by its name; raises NotFound."""
        try:
            return self._sinks[name]
        except KeyError:
            raise NotFound(f"There is no sink {name!r}; there are: {', '.join(self.names)}.") from None

    @property
    def page(self) -> str:
        """The id of the public status page; empty where there is none."""
        return next((one.page for one in self._sinks.values() if isinstance(one, StatusPageSink)), "")

    def token(self, sink: str) -> str:
        """What a client of a sink has to bring; empty where nothing is asked."""
        return self.mail.token if self.mail is not None and sink == self.mail.name else self.sink(sink).token

    @property
    def names(self) -> tuple[str, ...]:
        """Every sink that can fail, the mail server included."""
        return (*self._sinks, self.mail.name) if self.mail is not None else tuple(self._sinks)

    @property
    def access(self) -> dict[str, dict[str, str]]:
        """Address and credentials of each sink, for whoever is to write them into a configuration."""
        told = {name: {"url": self.url(name), "token": sink.token} for name, sink in self._sinks.items()}
        if self.mail is not None:
            host, port = self.mail.address
            told[self.mail.name] = {
                "url": f"smtp://{host}:{port}",
                "user": self.mail.user,
                "token": self.mail.token,
            }
        return told

    def messages(self, sink: str) -> list[Received]:
        """What one sink took, oldest first."""
        return [message for message in self.received if message.sink == sink and message.delivered]

    def inject(self, sink: str, kind: SinkFaultKind | str) -> None:
        """Begin a fault at one sink; raises BadInput for a word outside the vocabulary, NotFound."""
        try:
            self._faults[self._named(sink)] = SinkFaultKind(kind)
        except ValueError:
            raise BadInput(f"{kind!r} is no sink fault: {', '.join(SinkFaultKind)}.") from None

    def heal(self, sink: str) -> None:
        """End the fault of one sink."""
        self._faults.pop(self._named(sink), None)

    def _named(self, name: str) -> str:
        return name if self.mail is not None and name == self.mail.name else self.sink(name).name

    async def _handle(self, request: Request) -> Response:
        sink = next((sink for sink in self._sinks.values() if sink.owns(request.path)), None)
        if sink is None:
            return plain_answer(404, "no_service")
        line = f"{request.method} {request.path.removeprefix(sink.path) or '/'}"
        taken = sink.accept(request)
        fault = self._faults.get(sink.name)
        if isinstance(taken, Taken):
            delivered = fault in (None, SinkFaultKind.LOST_ANSWER)
            self._record(sink.name, taken.text, _shown(request.body), line, delivered=delivered)
            if fault is SinkFaultKind.LOST_ANSWER:
                taken.act()
        elif taken.status >= 400 and fault is None:
            self._refuse(sink.name, line, taken.status, request.body)
        if fault is not None:
            return await self._fail(sink, fault)
        return taken.act() if isinstance(taken, Taken) else taken

    async def _fail(self, sink: Sink, fault: SinkFaultKind) -> Response:
        if fault is SinkFaultKind.TIMEOUT:
            await self._closing.wait()
        if fault in (SinkFaultKind.TIMEOUT, SinkFaultKind.REFUSE, SinkFaultKind.LOST_ANSWER):
            raise Dropped
        return sink.trouble(fault)

    def _take_letter(self, letter: Letter, *, delivered: bool) -> None:
        assert self.mail is not None
        line = f"MAIL {letter.sender} -> {', '.join(letter.recipients)}"
        self._record(self.mail.name, letter.text, letter.raw, line, delivered=delivered)

    def _record(self, sink: str, text: str, body: str, line: str, *, delivered: bool) -> None:
        self.received.append(
            Received(
                at=self._clock.now(),
                sink=sink,
                text=visible(text, limit=TEXT_LIMIT, newlines=True),
                body=visible(body, limit=TEXT_LIMIT, newlines=True),
                delivered=delivered,
                request=visible(line, limit=500),
            )
        )

    def _refuse(self, sink: str, line: str, status: int, body: bytes) -> None:
        self.refused.append(
            Refused(
                at=self._clock.now(),
                sink=sink,
                request=visible(line, limit=500),
                status=status,
                body=visible(_shown(body), limit=TEXT_LIMIT, newlines=True),
            )
        )


def _shown(body: bytes) -> str:
    return body.decode("utf-8", "replace")

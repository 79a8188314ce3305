"""Where a drill's messages arrive: one plain HTTP listener with a sink behind each path.

A sink takes what the real service would take, answers as it would, and remembers what came for the referee. The
chat sink stands here; others are added beside it as one more class with `path`, `accept` and the same faults.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cockpit.clock import Clock
from cockpit.drill.http import Dropped, HttpServer, Request, Response
from cockpit.errors import BadInput, NotFound
from cockpit.text import visible

RECORD_LIMIT = 500
"""Messages that one sink remembers."""

TEXT_LIMIT = 40_000
"""Characters of a message that are kept, which is what the chat service itself accepts."""

RETRY_AFTER_S = 30


class SinkFaultKind(StrEnum):
    """The vocabulary: `error` answers 500, `rate-limit` 429 with Retry-After, `timeout` never, `refuse` cuts."""

    ERROR = "error"
    RATE_LIMIT = "rate-limit"
    TIMEOUT = "timeout"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message as it came; `delivered` is False when a fault kept the sink from taking it."""

    at: datetime
    sink: str
    text: str
    body: str
    delivered: bool


class Sink(Protocol):
    """One channel's far end."""

    name: str
    path: str

    def accept(self, request: Request) -> tuple[Response, str | None]:
        """The answer, and the message's text where the request was a good one."""
        ...


class ChatSink:
    """A Slack incoming webhook: JSON with `text` (or `blocks`, or `attachments`) in, `ok` out."""

    def __init__(self, name: str = "chat") -> None:
        self.name = name
        self.path = f"/services/T00000DRL/B00000DRL/{secrets.token_urlsafe(18)}"

    def accept(self, request: Request) -> tuple[Response, str | None]:
        """Answer as the service does: `ok`, `invalid_payload`, `no_text`, or 405."""
        if request.method != "POST":
            return _plain(405, "method_not_allowed"), None
        try:
            payload = json.loads(request.body)
        except ValueError:
            return _plain(400, "invalid_payload"), None
        if not isinstance(payload, dict):
            return _plain(400, "invalid_payload"), None
        text = payload.get("text")
        if isinstance(text, str) and text.strip():
            return _plain(200, "ok"), text
        if payload.get("blocks") or payload.get("attachments"):
            return _plain(200, "ok"), json.dumps(payload.get("blocks") or payload["attachments"])
        return _plain(400, "no_text"), None


class SinkServer:
    """All sinks of a world on one loopback port; `received` is what they took, the oldest forgotten first."""

    def __init__(self, clock: Clock, sinks: Iterable[Sink]) -> None:
        self.received: deque[Received] = deque(maxlen=RECORD_LIMIT)
        self._clock = clock
        self._sinks = {sink.name: sink for sink in sinks}
        self._faults: dict[str, SinkFaultKind] = {}
        self._closing = asyncio.Event()
        self._server = HttpServer(self._handle)

    async def start(self) -> None:
        """Bind."""
        await self._server.start()

    async def close(self) -> None:
        """Unbind, cut what is open and give up what was kept waiting."""
        self._closing.set()
        await self._server.close()

    def url(self, sink: str) -> str:
        """Where a sink takes its messages; the path is the secret, as with the real service."""
        return f"http://127.0.0.1:{self._server.port}{self._named(sink).path}"

    def messages(self, sink: str) -> list[Received]:
        """What one sink took, oldest first."""
        return [message for message in self.received if message.sink == sink and message.delivered]

    def inject(self, sink: str, kind: SinkFaultKind | str) -> None:
        """Begin a fault at one sink; raises BadInput for a word outside the vocabulary, NotFound."""
        try:
            self._faults[self._named(sink).name] = SinkFaultKind(kind)
        except ValueError:
            raise BadInput(f"{kind!r} is no sink fault: {', '.join(SinkFaultKind)}.") from None

    def heal(self, sink: str) -> None:
        """End the fault of one sink."""
        self._faults.pop(self._named(sink).name, None)

    def _named(self, name: str) -> Sink:
        try:
            return self._sinks[name]
        except KeyError:
            raise NotFound(f"There is no sink {name!r}; there are: {', '.join(self._sinks)}.") from None

    async def _handle(self, request: Request) -> Response:
        sink = next((sink for sink in self._sinks.values() if sink.path == request.path), None)
        if sink is None:
            return _plain(404, "no_service")
        fault = self._faults.get(sink.name)
        response, text = sink.accept(request)
        if text is not None:
            self._record(sink, text, request.body, delivered=fault is None)
        if fault is SinkFaultKind.TIMEOUT:
            await self._closing.wait()
        if fault in (SinkFaultKind.TIMEOUT, SinkFaultKind.REFUSE):
            raise Dropped
        if fault is SinkFaultKind.ERROR:
            return _plain(500, "rollup_error")
        if fault is SinkFaultKind.RATE_LIMIT:
            return _plain(429, "rate_limited", ("Retry-After", str(RETRY_AFTER_S)))
        return response

    def _record(self, sink: Sink, text: str, body: bytes, *, delivered: bool) -> None:
        self.received.append(
            Received(
                at=self._clock.now(),
                sink=sink.name,
                text=visible(text, limit=TEXT_LIMIT, newlines=True),
                body=visible(body.decode("utf-8", "replace"), limit=TEXT_LIMIT, newlines=True),
                delivered=delivered,
            )
        )


def _plain(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(status, (("Content-Type", "text/html"), *headers), text.encode())

"""The drill's sinks on a thread of their own, and a Slack Web API, for channels that call synchronously."""

import asyncio
import http.server
import json
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cockpit.clock import SystemClock
from cockpit.drill.sinks import MailSink, Received, SinkServer, service_sinks
from cockpit.profile import Profile

DRILL = Profile(kind="drill", name="drill", loopback_only=True)


class Sinks:
    """Every sink of a company on one loopback port."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.mail = MailSink(login=True)
        self.server = SinkServer(SystemClock(), service_sinks(SystemClock()), self.mail)
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.run(self.server.start())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def close(self) -> None:
        self.run(self.server.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def url(self, name: str) -> str:
        return self.server.url(name)

    def token(self, name: str) -> str:
        return self.server.sink(name).token

    @property
    def mail_url(self) -> str:
        host, port = self.mail.address
        return f"smtp://{host}:{port}"

    def got(self, name: str) -> list[Received]:
        return self.server.messages(name)

    @contextmanager
    def trouble(self, name: str, kind: str) -> Iterator[None]:
        self.server.inject(name, kind)
        yield
        self.server.heal(name)


@dataclass
class SlackSink:
    """A workspace: channels by name, messages with their metadata; `faults` are answers to give first."""

    port: int = 0
    channels: dict[str, str] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    token: str = "xoxb-not-a-real-one"  # noqa: S105

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def answer(self, method: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        fault = self.faults.pop(0) if self.faults and method == "chat.postMessage" else ""
        if fault == "ratelimited":
            return 429, {"ok": False, "error": "ratelimited"}
        if fault and fault != "lost":
            return 200, {"ok": False, "error": fault}
        if method == "conversations.create":
            if body["name"] in self.channels:
                return 200, {"ok": False, "error": "name_taken"}
            self.channels[body["name"]] = f"C{len(self.channels):05}"
            return 200, {"ok": True, "channel": {"id": self.channels[body["name"]], "name": body["name"]}}
        if method == "conversations.setTopic":
            self.topics[body["channel"]] = body["topic"]
        if method == "chat.postMessage":
            self.messages.append(body)
        if method == "conversations.history":
            return 200, {"ok": True, "messages": list(reversed(self.messages))}
        return (0 if fault == "lost" else 200), {"ok": True, "ts": f"17.{len(self.messages)}"}


@contextmanager
def slack() -> Iterator[SlackSink]:
    """The workspace, listening."""
    sink = SlackSink()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def do_GET(self) -> None:
            self._answer({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})

        def _answer(self, body: dict[str, Any]) -> None:
            method = urlsplit(self.path).path.rpartition("/")[2]
            status, answer = sink.answer(method, body)
            if self.headers["Authorization"] != f"Bearer {sink.token}":
                status, answer = 200, {"ok": False, "error": "invalid_auth"}
            if status == 0:
                self.connection.close()
                return
            text = json.dumps(answer).encode()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "7")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield sink
    server.shutdown()
    thread.join()
    server.server_close()

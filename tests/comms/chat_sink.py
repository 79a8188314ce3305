"""A chat on loopback that remembers what was posted and answers as it is told."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PATH = "/services/T0/B0/s3cr3t-path"


@dataclass
class Sink:
    """A chat that remembers what was posted and answers as it is told."""

    status: int = 200
    answer: bytes = b"ok"
    hang: threading.Event | None = None
    posts: list[tuple[str, str, Any]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"


@contextmanager
def listening() -> Iterator[Sink]:
    sink = Sink()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sink.posts.append((self.path, self.headers["Host"], body))
            if sink.hang is not None:
                sink.hang.wait(30)
            self.send_response(sink.status)
            self.send_header("Content-Length", str(len(sink.answer)))
            self.end_headers()
            self.wfile.write(sink.answer)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield sink
    if sink.hang is not None:
        sink.hang.set()
    server.shutdown()
    thread.join()
    server.server_close()

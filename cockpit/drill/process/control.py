"""The facilitator's door into a running world: a few words over loopback HTTP, behind a random bearer token.

A page in somebody's browser can reach loopback too, so a request must name this very host and port, carry the
token, and come from no web page (no `Origin`).
"""

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from cockpit.drill.happenings import Source
from cockpit.drill.judging.claims import Claims
from cockpit.drill.scenario import parse_inject
from cockpit.drill.vocabulary import AnyInject
from cockpit.drill.web.http import HttpServer, Request, Response
from cockpit.errors import BadInput, CockpitError
from cockpit.practice.run import Result
from cockpit.profile import Control

T = TypeVar("T")


class Steered(Protocol):
    """What can be steered."""

    def status(self) -> Mapping[str, Any]:
        """Where the drill stands, as plain JSON."""

    def pause(self) -> None:
        """Stop scenario time."""

    def resume(self) -> None:
        """Let it run again."""

    def set_speed(self, speed: float) -> None:
        """Change the speed; raises BadInput."""

    def inject(self, inject: AnyInject, source: Source) -> None:
        """Make something happen; raises BadInput or NotFound."""

    def reveal_hint(self) -> str:
        """The next hint; empty when there is none left."""

    def report(self, claims: Claims) -> str:
        """The report as Markdown."""

    def result(self, claims: Claims) -> Result:
        """The judgement as values."""

    def keys(self) -> Mapping[str, str]:
        """The keys for signed dynamic updates, by file name."""


class _Speed(msgspec.Struct, forbid_unknown_fields=True):
    speed: float


class ControlServer:
    """Serves the facilitator's words for one world."""

    def __init__(self, world: Steered) -> None:
        self._world = world
        self._token = secrets.token_urlsafe(24)
        self._server = HttpServer(self._handle)
        self._words: dict[tuple[str, str], Callable[[bytes], Any]] = {
            ("GET", "/status"): lambda body: world.status(),
            ("POST", "/pause"): self._pause,
            ("POST", "/resume"): self._resume,
            ("POST", "/speed"): self._speed,
            ("POST", "/inject"): self._inject,
            ("POST", "/hint"): lambda body: {"hint": world.reveal_hint()},
            ("GET", "/keys"): lambda body: world.keys(),
            ("POST", "/result"): lambda body: world.result(_decoded(body or b"{}", Claims)),
            ("POST", "/report"): lambda body: {"report": world.report(_decoded(body or b"{}", Claims))},
        }

    @property
    def address(self) -> Control:
        """URL and token, for the profile."""
        return Control(f"http://127.0.0.1:{self._server.port}", self._token)

    async def start(self) -> None:
        """Listen."""
        await self._server.start()

    async def close(self) -> None:
        """Stop listening."""
        await self._server.close()

    async def _handle(self, request: Request) -> Response:
        port = self._server.port
        if request.headers.get("host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            return _answer(421, {"error": "This request names another host."})
        if "origin" in request.headers:
            return _answer(403, {"error": "Web pages have no business here."})
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return _answer(401, {"error": "The token is missing or wrong."})
        word = self._words.get((request.method, request.path))
        if word is None:
            known = ", ".join(sorted(path for _, path in self._words))
            return _answer(404, {"error": f"There is no such word; there are {known}."})
        try:
            return _answer(200, word(request.body))
        except CockpitError as error:
            return _answer(400, {"error": str(error)})

    def _pause(self, body: bytes) -> Mapping[str, Any]:
        self._world.pause()
        return self._world.status()

    def _resume(self, body: bytes) -> Mapping[str, Any]:
        self._world.resume()
        return self._world.status()

    def _speed(self, body: bytes) -> Mapping[str, Any]:
        self._world.set_speed(_decoded(body, _Speed).speed)
        return self._world.status()

    def _inject(self, body: bytes) -> Mapping[str, Any]:
        self._world.inject(parse_inject(_decoded(body, dict[str, Any])), "facilitator")
        return self._world.status()


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise BadInput(f"The request is not understood: {error}.") from None


def _answer(status: int, value: Any) -> Response:
    return Response(status, (("Content-Type", "application/json"),), msgspec.json.encode(value))

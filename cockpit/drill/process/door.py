"""The facilitator's side of a world's control door: a few words over loopback HTTP.

Importing this module loads nothing of the network.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.errors import BadInput, ConfigError, NotFound, WorldError
from cockpit.paths import write_private
from cockpit.profile import Control

if TYPE_CHECKING:
    from cockpit.drill.judging.claims import Claims
    from cockpit.practice.run import Result

ANSWER_WITHIN_S = 10.0
CONTROL_FILE = "control.json"
"""Where a drill's directory keeps URL and token of its world, for its owner's eyes only."""


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a running drill is steered; `inside` is a process in its network, 0 when it has none of its own."""

    control: Control
    inside: int = 0


class Door:
    """Talks to one running world; `NotFound` and `BadInput` are the world's own refusals."""

    def __init__(self, control: Control | None) -> None:
        self._control = control

    def status(self) -> dict[str, Any]:
        """Where the drill stands: `elapsed_s` (scenario), `speed`, `paused`, `began`, `broken`, `restored`, …"""
        return self._ask("GET", "/status")

    def pause(self) -> dict[str, Any]:
        """Stop scenario time."""
        return self._ask("POST", "/pause")

    def resume(self) -> dict[str, Any]:
        """Let scenario time run again."""
        return self._ask("POST", "/resume")

    def set_speed(self, speed: float) -> dict[str, Any]:
        """Change the speed; raises BadInput."""
        return self._ask("POST", "/speed", {"speed": speed})

    def inject(self, **inject: Any) -> dict[str, Any]:
        """Make something happen, in the scenarios' vocabulary: `inject(do="dns-heal", server="google")`."""
        return self._ask("POST", "/inject", inject)

    def hint(self) -> str:
        """Reveal the next hint; empty when there is none left."""
        return str(self._ask("POST", "/hint")["hint"])

    def keys(self) -> dict[str, str]:
        """The keys that signed dynamic updates need, by file name, in the form that `nsupdate -k` reads."""
        return {str(name): str(text) for name, text in self._ask("GET", "/keys").items()}

    def report(self, claims: "Claims | None" = None) -> str:
        """The drill report as Markdown, scored with what the ledger claims."""
        return str(self._ask("POST", "/report", _plain(claims))["report"])

    def result(self, claims: "Claims | None" = None) -> "Result":
        """The same judgement as values, for the records."""
        from cockpit.practice.run import Result

        return msgspec.convert(self._ask("POST", "/result", _plain(claims)), Result)

    def _trouble(self) -> str:
        """What is known of the world when it does not answer."""
        return "the drill may be over"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One word to the control door; raises BadInput when it is refused, WorldError when nobody answers."""
        from http.client import HTTPConnection, HTTPException

        control = self._control
        if control is None:
            raise WorldError("This world cannot be steered: its profile names no control.")
        connection = HTTPConnection(control.url.removeprefix("http://"), timeout=ANSWER_WITHIN_S)
        headers = {"Authorization": f"Bearer {control.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body or {}) if method == "POST" else None, headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise WorldError(
                f"The drill world does not answer ({type(error).__name__}); {self._trouble()}."
            ) from None
        finally:
            connection.close()
        if response.status != 200:
            raise BadInput(str(answer.get("error", "The drill world refused.")))
        return answer


def keep_control(directory: Path, control: Control, *, inside: int = 0) -> Path:
    """Write down how a world is steered, for its owner's eyes only."""
    return write_private(
        directory / CONTROL_FILE, msgspec.json.encode(Kept(control=control, inside=inside)).decode()
    )


def running_drills(drills: Path) -> list[Path]:
    """Directories whose drill is steered at the moment, newest first; raises ConfigError."""
    try:
        found = [path.parent for path in drills.glob(f"*/{CONTROL_FILE}")]
    except OSError as error:
        raise ConfigError(f"The directory {drills} cannot be read: {error.strerror}.") from None
    return sorted(found, key=lambda path: path.name, reverse=True)


def door_of(directory: Path) -> Door:
    """The door of the drill that runs in a directory; raises NotFound when none does, ConfigError.

    Where the drill has a network of its own, this process goes into it for the rest of its life.
    """
    path = directory / CONTROL_FILE
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        raise NotFound(f"No drill runs in {directory}.") from None
    with os.fdopen(descriptor, "rb") as file:
        kept = os.fstat(file.fileno())
        if kept.st_uid != os.getuid() or kept.st_mode & 0o077:
            raise ConfigError(f"{path} can be read by others; it is not trusted.")
        raw = file.read(65_536)
    try:
        found = msgspec.json.decode(raw, type=Kept)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from None
    if found.inside:
        from cockpit.drill.fences.isolate import join

        join(found.inside)
    return Door(found.control)


def forget_control(directory: Path) -> None:
    """Take the way to a world away, because the drill is over."""
    with suppress(OSError):
        (directory / CONTROL_FILE).unlink()


def _plain(claims: "Claims | None") -> dict[str, Any]:
    """Claims as JSON: moments as RFC 3339 text."""
    if claims is None:
        return {}
    plain: dict[str, Any] = msgspec.to_builtins(claims)
    return plain

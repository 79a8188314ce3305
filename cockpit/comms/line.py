"""One HTTP service as channels reach it: where the profile says, within limits, with nothing secret told.

Requests go through the transport of httpx and not through its client, because the client logs every URL, and the
URL of a webhook is a secret. What may have been taken is told apart from what was certainly not.
"""

import ipaddress
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from cockpit.comms.outcome import Fate, Outcome
from cockpit.errors import ConfigError, WorldError
from cockpit.profile import Profile
from cockpit.text import redact, visible

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 5.0
"""Seconds for each of dialling, sending and waiting for the answer, and for reading it."""

MAX_ANSWER = 262_144
"""Bytes of an answer that are read."""

_SHOWN = 200
_TOO_MANY = (420, 429)


class NotTaken(WorldError):
    """The service was not reached, so it certainly took nothing."""


class PerhapsTaken(WorldError):
    """The request went out and no answer came back."""


class Answer(msgspec.Struct, frozen=True):
    """What a service answered; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def good(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def field(self, *names: str) -> Any:
        """A member of a JSON object, by its path; None where there is none."""
        value = self.json
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value


class Line:
    """A service at `base`, called `what` in sentences; `hidden` texts are blotted out of every answer."""

    def __init__(
        self, base: str, profile: Profile, what: str, *, hidden: Sequence[str] = (), timeout_s: float = TIMEOUT_S
    ) -> None:
        parts = _split(base)
        if parts is None:
            raise ConfigError(f"The address of the {what} is not an http(s) URL.")
        self._base = base.rstrip("/")
        self._profile = profile
        self._hidden = [text for text in (base, parts.path, *hidden) if len(text) > 6]
        self._timeout_s = timeout_s
        self.what = what

    def __repr__(self) -> str:
        return f"Line({self.what}, [redacted])"

    def call(
        self, method: str, path: str = "", value: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request with `value` as JSON; raises NotTaken, PerhapsTaken or ConfigError, without the URL."""
        import httpx

        try:
            return self._call(method, path, value, headers or {})
        except (httpx.ConnectTimeout, httpx.ConnectError) as error:
            raise NotTaken(f"The {self.what} could not be reached: {type(error).__name__}.") from None
        except httpx.TimeoutException:
            raise PerhapsTaken(f"The {self.what} did not answer within {self._timeout_s:g} s.") from None
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            raise PerhapsTaken(f"The {self.what} broke off: {type(error).__name__}.") from None

    def shown(self, text: str) -> str:
        """An answer's text as it may be recorded."""
        for hidden in self._hidden:
            text = text.replace(hidden, "[redacted]")
        return redact(visible(text.strip(), limit=_SHOWN))

    def judge(self, answer: Answer) -> Outcome:
        """What a status amounts to: 2xx taken, 408, 429, 420 and 5xx to be tried later, the rest refused."""
        said = self.shown(answer.body)
        if answer.good:
            return Outcome(Fate.SENT, said)
        sentence = f"The {self.what} answered {answer.status}{f' ({said})' if said else ''}."
        if answer.status in _TOO_MANY or answer.status == 408 or answer.status >= 500:
            return Outcome(Fate.LATER, sentence, wait_of(answer))
        return Outcome(Fate.REFUSED, sentence)

    def _call(self, method: str, path: str, value: Any, headers: Mapping[str, str]) -> Answer:
        import httpx

        request = self._request(method, path, value, headers)
        trust = ssl.create_default_context(cadata=self._profile.ca_pem)
        with httpx.HTTPTransport(verify=trust, trust_env=not self._profile.loopback_only, retries=0) as transport:
            response = transport.handle_request(request)
            body, until = b"", time.monotonic() + self._timeout_s
            for chunk in response.iter_raw():
                body += chunk
                if len(body) >= MAX_ANSWER:
                    break
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer did not end")
            response.close()
        found = {name.lower(): visible(text, limit=_SHOWN) for name, text in response.headers.items()}
        return Answer(response.status_code, found, body[:MAX_ANSWER].decode("utf-8", "replace"))

    def _request(self, method: str, path: str, value: Any, headers: Mapping[str, str]) -> "httpx.Request":
        """The request, addressed to where the profile dials, with the name that the URL asked for."""
        import httpx

        parts = urlsplit(self._base + path)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address, dialled = dialled_to(self._profile, host, port, self.what)
        shown = f"[{address}]" if ":" in address else address
        query = f"?{parts.query}" if parts.query else ""
        own = {"Host": parts.netloc, "User-Agent": "incident-cockpit", "Accept-Encoding": "identity"}
        if value is not None:
            own["Content-Type"] = "application/json"
        return httpx.Request(
            method,
            f"{parts.scheme}://{shown}:{dialled}{parts.path or '/'}{query}",
            content=None if value is None else encoded(value),
            headers={**own, **headers},
            extensions={
                "timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s),
                "sni_hostname": host,
            },
        )


def encoded(value: Any) -> bytes:
    """JSON as it goes over the wire; the octets that a signature is made over."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def dialled_to(profile: Profile, host: str, port: int, what: str) -> tuple[str, int]:
    """Where to connect for a host; raises ConfigError for one that a profile keeps us from."""
    if f"{host}:{port}" in profile.dial or _is_address(host):
        return profile.dialled(host, port)
    if profile.loopback_only and host != "localhost":
        raise ConfigError(f"The {what} is outside the profile {profile.name!r}.")
    return host, port


def wait_of(answer: Answer) -> float | None:
    """Seconds that the service asked us to wait (`Retry-After` in seconds, RFC 9110 section 10.2.3), or None."""
    given = answer.headers.get("retry-after", answer.headers.get("x-ratelimit-period-in-sec", ""))
    return float(given) if given.isascii() and given.isdigit() else None


def _split(base: str) -> Any:
    try:
        parts = urlsplit(base)
    except ValueError:
        return None
    good = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    return parts if good else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

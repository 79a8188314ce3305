"""The chat webhook (Slack's shape: POST of `{"text": ...}`), and the journal around every message.

The URL of a webhook is a secret: who has it can post. It is in no event, log, error or repr. The request goes
through the transport of httpx and not through its client, because the client logs every URL.

`deliver()` is synchronous and may take seconds: call it off the UI. It records `message.intent` before anything is
sent and `message.sent` or `message.failed` after; an intent without an outcome means that nobody knows.
"""

import ipaddress
import json
import ssl
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from cockpit.errors import ConfigError, Refused, WorldError
from cockpit.profile import Profile
from cockpit.text import redact, visible

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 5.0
"""Seconds for each of dialling, sending and waiting for the answer, and for reading it."""

MAX_ANSWER = 2048
"""Bytes of the answer that are read."""

Record = Callable[[str, Mapping[str, Any]], None]
"""Appends an event of that kind and body to the ledger, durably, before it returns."""


class Message(msgspec.Struct, frozen=True):
    """One message on its way; `id` ties the events of its journal together."""

    text: str
    channel: str = "chat"
    audience: str = "internal"
    id: str = msgspec.field(default_factory=lambda: uuid4().hex)


class Channel(Protocol):
    """Something that carries a message outside."""

    def send(self, message: Message) -> str:
        """Send once and return what the other side answered; raises WorldError, ConfigError or Refused."""


def deliver(channel: Channel, message: Message, record: Record) -> bool:
    """Send a message once, with its intent and outcome recorded; returns whether it was accepted.

    A channel that fails is an outcome and no error. What `record` raises is raised: without a recorded intent
    nothing is sent.
    """
    about = {"message": message.id, "channel": message.channel, "audience": message.audience}
    record("message.intent", {**about, "text": redact(visible(message.text, newlines=True))})
    try:
        answer = channel.send(message)
    except (WorldError, ConfigError, Refused) as error:
        record("message.failed", {**about, "reason": redact(visible(error))})
        return False
    record("message.sent", {**about, "text": redact(visible(message.text, newlines=True)), "answer": answer})
    return True


class ChatWebhook:
    """A webhook that takes Slack's JSON; `url` is fetched by `cockpit.secrets.resolve` at the moment of use."""

    def __init__(self, url: str, profile: Profile, *, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ConfigError("The chat webhook is not an http(s) URL.")
        self._url = url
        self._profile = profile
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return "ChatWebhook([redacted])"

    def send(self, message: Message) -> str:
        """POST the message once; returns the answer's text. Raises WorldError with a sentence without the URL."""
        import httpx

        try:
            status, answer = self._post(message.text)
        except httpx.TimeoutException:
            raise WorldError(f"The chat webhook did not answer within {self._timeout_s:g} s.") from None
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            raise WorldError(f"The chat webhook could not be reached: {type(error).__name__}.") from None
        if not 200 <= status < 300:
            raise WorldError(f"The chat webhook answered {status}{f' ({answer})' if answer else ''}.")
        return answer

    def _post(self, text: str) -> tuple[int, str]:
        import httpx

        request = self._request(text)
        trust = not self._profile.loopback_only
        with httpx.HTTPTransport(verify=self._trust(), trust_env=trust, retries=0) as transport:
            response = transport.handle_request(request)
            body = b""
            until = time.monotonic() + self._timeout_s
            for chunk in response.iter_raw():
                body += chunk
                if len(body) >= MAX_ANSWER:
                    break
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer did not end")
            response.close()
        answer = body[:MAX_ANSWER].decode("utf-8", "replace").replace(self._url, "[redacted]")
        return response.status_code, redact(visible(answer.strip(), limit=200))

    def _request(self, text: str) -> "httpx.Request":
        """The request, addressed to where the profile dials, with the name that the URL asked for."""
        import httpx

        parts = urlsplit(self._url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address, dialled = self._dial(host, port)
        shown = f"[{address}]" if ":" in address else address
        query = f"?{parts.query}" if parts.query else ""
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        return httpx.Request(
            "POST",
            f"{parts.scheme}://{shown}:{dialled}{parts.path or '/'}{query}",
            content=json.dumps({"text": escaped(text)}).encode("utf-8"),
            headers={"Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "incident-cockpit"},
            extensions={"timeout": limits, "sni_hostname": host},
        )

    def _dial(self, host: str, port: int) -> tuple[str, int]:
        if f"{host}:{port}" in self._profile.dial or _is_address(host):
            return self._profile.dialled(host, port)
        if self._profile.loopback_only and host != "localhost":
            raise ConfigError(f"The chat webhook is outside the profile {self._profile.name!r}.")
        return host, port

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self._profile.ca_pem)


def escaped(text: str) -> str:
    """Text as Slack wants it: `&`, `<`, `>` as entities, so that nothing in it calls a channel or fakes a link."""
    clean = redact(visible(text, limit=40_000, newlines=True))
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

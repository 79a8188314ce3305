"""Prometheus' Alertmanager, API version 2: `GET /api/v2/alerts`."""

import asyncio
import json
import ssl
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from cockpit.errors import ConfigError
from cockpit.incident.outside import outsides
from cockpit.probes.sources.told import Told
from cockpit.profile import Profile
from cockpit.text import redact, visible

DEADLINE_S = 10.0
MAX_BODY = 4_000_000
"""Octets of an answer that are read: some ten thousand alerts."""

_PATH = "/api/v2/alerts?active=true&silenced=false&inhibited=false&unprocessed=true"


class AlertmanagerSource:
    """One Alertmanager at `base`, such as `http://alertmanager.example:9093`."""

    def __init__(self, base: str, profile: Profile, *, deadline_s: float = DEADLINE_S) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ConfigError("alertmanager: write an http(s) address, such as http://alertmanager.example:9093.")
        self._base = base.rstrip("/")
        self._profile = profile
        self._deadline_s = deadline_s

    async def ask(self, now: datetime) -> Told:
        """Every active alert; what is silenced there is silent here."""
        try:
            async with asyncio.timeout(self._deadline_s):
                status, body = await self._fetch()
        except (TimeoutError, httpx.TimeoutException):
            return Told("alertmanager", (), f"no complete answer within {self._deadline_s:g} s", False)
        except ConfigError as error:
            return Told("alertmanager", (), visible(error), False)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Told("alertmanager", (), f"not reached: {type(error).__name__}", False)
        if status != 200:
            return Told("alertmanager", (), f"answered {status}", False)
        document = _json(body)
        if not isinstance(document, list):
            return Told("alertmanager", (), "the answer is no list of alerts", False)
        return Told("alertmanager", outsides(document, now), "", len(body) < MAX_BODY)

    async def _fetch(self) -> tuple[int, bytes]:
        parts = urlsplit(self._base + _PATH)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address, dialled = self._dialled(host, port)
        shown = f"[{address}]" if ":" in address else address
        request = httpx.Request(
            "GET",
            f"{parts.scheme}://{shown}:{dialled}{parts.path}?{parts.query}",
            headers={"Host": parts.netloc, "User-Agent": "incident-cockpit", "Accept-Encoding": "identity"},
            extensions={"sni_hostname": host, "timeout": dict.fromkeys(("connect", "read", "write", "pool"), 5.0)},
        )
        trust = ssl.create_default_context(cadata=self._profile.ca_pem)
        async with httpx.AsyncHTTPTransport(verify=trust, trust_env=False, retries=0) as transport:
            response = await transport.handle_async_request(request)
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) >= MAX_BODY:
                    break
            await response.aclose()
        return response.status_code, body

    def _dialled(self, host: str, port: int) -> tuple[str, int]:
        if f"{host}:{port}" in self._profile.dial or host.replace(".", "").isdigit() or ":" in host:
            return self._profile.dialled(host, port)
        if self._profile.loopback_only and host != "localhost":
            raise ConfigError(f"Alertmanager is outside the profile {self._profile.name!r}.")
        return host, port


def _json(body: bytes) -> Any:
    try:
        return json.loads(redact(body.decode("utf-8", "replace")))
    except (ValueError, RecursionError):
        return None

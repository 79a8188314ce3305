"""Ask a host for one page over HTTPS, address by address, on a new connection each time.

Nothing from the environment is used (no proxy, no netrc), no redirect is followed, and both the time and the
decoded size are capped, because the other side may drip octets or send a bomb.
"""

import asyncio
import time
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from cockpit.errors import ConfigError
from cockpit.health.model import Reading
from cockpit.probes.certificates import Trust
from cockpit.probes.resolve import connectable, resolve
from cockpit.profile import Profile
from cockpit.text import visible

DEADLINE_S = 10.0
MAX_BODY = 65_536
"""Octets of decoded body that are looked at; what comes after is not fetched."""

_PHASES = {
    "connection.connect_tcp": "connect_ms",
    "connection.start_tls": "tls_ms",
    "http11.receive_response_headers": "wait_ms",
    "http11.receive_response_body": "body_ms",
}


_HEADERS = {"User-Agent": "incident-cockpit", "Connection": "close", "Accept-Encoding": "identity"}


class _Phases:
    """Collects how long each phase took, from the client's own trace."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.times: dict[str, int] = {}

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        name, _, state = event.rpartition(".")
        phase = _PHASES.get(name)
        if phase is None:
            return
        if state == "started":
            self.began[phase] = time.monotonic()
        elif phase in self.began:
            self.times[phase] = round((time.monotonic() - self.began[phase]) * 1000)


class HttpProbe:
    """Asks for pages; shares the profile's trust with the certificate probe."""

    def __init__(self, profile: Profile, trust: Trust) -> None:
        self._profile = profile
        self._trust = trust

    async def look(
        self,
        target: str,
        check: str,
        host: str,
        port: int,
        path: str,
        *,
        expect_body: str = "",
        at: datetime,
        deadline_s: float = DEADLINE_S,
    ) -> list[Reading]:
        """One reading per address of `host`; never raises for what the world does.

        `seen` has `host`, `port`, `path`, `address`, `status`, `phases` (milliseconds), `size` (decoded octets
        looked at), `cut`, `location` and, when `expect_body` is given, `body_matches`.
        """
        started = time.monotonic()
        addresses = await resolve(self._profile, host)
        asked = {"host": host, "port": port, "path": path}
        if addresses.failure is not None:
            took = timedelta(seconds=time.monotonic() - started)
            seen = {**asked, "reason": addresses.reason}
            return [Reading(target, check, f"{host}:{port}", at, took, seen, addresses.failure)]
        return list(
            await asyncio.gather(
                *(
                    self._look_at(target, check, {**asked, "address": address}, expect_body, at, deadline_s)
                    for address in addresses.found
                )
            )
        )

    async def _look_at(
        self, target: str, check: str, seen: dict[str, Any], expect_body: str, at: datetime, deadline_s: float
    ) -> Reading:
        started = time.monotonic()
        phases = _Phases()
        failure: str | None = None
        try:
            endpoint = connectable(self._profile, seen["address"], seen["port"])
            async with asyncio.timeout(deadline_s):
                seen.update(await self._fetch(endpoint, seen, expect_body, phases, deadline_s))
        except ConfigError as error:
            failure, seen["reason"] = "not-allowed", visible(error)
        except (TimeoutError, httpx.TimeoutException):
            failure, seen["reason"] = "timeout", f"no complete answer within {deadline_s:g} s"
        except httpx.ConnectError as error:
            failure, seen["reason"] = _connect_failure(error)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            failure, seen["reason"] = "broken-answer", visible(error, limit=300) or type(error).__name__
        seen["phases"] = phases.times
        took = timedelta(seconds=time.monotonic() - started)
        vantage = f"{seen['host']}:{seen['port']} {seen['address']}"
        return Reading(target, check, vantage, at, took, seen, failure)

    async def _fetch(
        self,
        endpoint: tuple[str, int],
        seen: Mapping[str, Any],
        expect_body: str,
        phases: _Phases,
        deadline_s: float,
    ) -> dict[str, Any]:
        address, port = endpoint
        shown = f"[{address}]" if ":" in address else address
        named = seen["host"] if seen["port"] == 443 else f"{seen['host']}:{seen['port']}"
        async with (
            httpx.AsyncClient(verify=self._trust.context, trust_env=False, timeout=deadline_s) as client,
            client.stream(
                "GET",
                f"https://{shown}:{port}{seen['path']}",
                headers={**_HEADERS, "Host": named},
                extensions={"sni_hostname": seen["host"], "trace": phases},
            ) as response,
        ):
            body, cut = await _body(response)
        found: dict[str, Any] = {"status": response.status_code, "size": len(body), "cut": cut}
        if response.is_redirect:
            found["location"] = visible(response.headers.get("location", ""), limit=500)
        if expect_body:
            found["body_matches"] = expect_body in body.decode("utf-8", "replace")
        return found


async def _body(response: httpx.Response) -> tuple[bytes, bool]:
    """Up to `MAX_BODY` decoded octets, and whether there would have been more.

    The client would unpack a whole piece at once, so what was compressed in spite of our asking is unpacked here
    with the cap in hand.
    """
    packed = response.headers.get("content-encoding", "").lower() in ("gzip", "deflate", "x-gzip")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    body = bytearray()
    async for piece in response.aiter_raw(4096):
        try:
            body += unpack.decompress(piece, MAX_BODY + 1 - len(body)) if packed else piece
        except zlib.error as error:
            raise httpx.DecodingError(f"the body cannot be unpacked: {error}") from None
        if len(body) > MAX_BODY:
            return bytes(body[:MAX_BODY]), True
    return bytes(body), False


def _connect_failure(error: httpx.ConnectError) -> tuple[str, str]:
    text = visible(error, limit=300)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "bad-certificate", "the certificate is not accepted"
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER" in text:
        return "not-tls", "what answers there does not speak TLS"
    if "SSL" in text or "EOF occurred" in text:
        return "handshake-failed", "the TLS handshake failed"
    return "refused", text or "the connection was refused"

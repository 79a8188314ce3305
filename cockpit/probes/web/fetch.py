"""One request over HTTP to an address that DNS gave: for OCSP responders and certificate searches, not for probing.

Names go through the pinned resolvers, private addresses are refused, time and size are capped, no redirect is
followed, and nothing from the environment is used.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from cockpit.errors import ConfigError
from cockpit.probes.names.resolve import connectable, resolve
from cockpit.probes.trust.certificates import Trust
from cockpit.profile import Profile
from cockpit.text import visible

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body, or the token and words of why there is none."""

    body: bytes = field(default=b"", repr=False)
    failure: str | None = None
    reason: str = ""


async def fetch(
    profile: Profile,
    trust: Trust,
    url: str,
    *,
    deadline_s: float,
    limit: int,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fetched:
    """GET `url`, or POST `body` to it; anything but a 200 of at most `limit` octets is a failure. Never raises."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return Fetched(failure="malformed", reason=f"{visible(url, limit=100)} is no address of a web page")
    host = parts.hostname or ""
    addresses = await resolve(profile, host)
    if addresses.failure is not None:
        return Fetched(failure=addresses.failure, reason=addresses.reason)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    last = Fetched(failure="no-address", reason=f"{host} has no address")
    for address in addresses.found:
        last = await _from(
            profile, trust, (parts.scheme, host, address, port, target), deadline_s, limit, body, headers
        )
        if last.failure not in ("refused", "timeout", "not-allowed"):
            break
    return last


async def _from(
    profile: Profile,
    trust: Trust,
    place: tuple[str, str, str, int, str],
    deadline_s: float,
    limit: int,
    body: bytes | None,
    headers: Mapping[str, str] | None,
) -> Fetched:
    scheme, host, address, port, target = place
    try:
        endpoint, real = connectable(profile, address, port)
        async with asyncio.timeout(deadline_s):
            shown = f"[{endpoint}]" if ":" in endpoint else endpoint
            url = f"{scheme}://{shown}:{real}{target}"
            named = host if port == _PORTS[scheme] else f"{host}:{port}"
            return await _asked(trust, url, host, named, deadline_s, limit, body, headers)
    except ConfigError as error:
        return Fetched(failure="not-allowed", reason=visible(error, limit=300))
    except (TimeoutError, httpx.TimeoutException):
        return Fetched(failure="timeout", reason=f"{host} gives no complete answer within {deadline_s:g} s")
    except httpx.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Fetched(failure="bad-certificate", reason=f"the certificate of {host} is not accepted")
        return Fetched(failure="refused", reason=f"{host} cannot be connected to: {visible(error, limit=200)}")
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        return Fetched(failure="broken-answer", reason=visible(error, limit=300) or type(error).__name__)


async def _asked(
    trust: Trust,
    url: str,
    host: str,
    named: str,
    deadline_s: float,
    limit: int,
    body: bytes | None,
    headers: Mapping[str, str] | None,
) -> Fetched:
    told = {"Host": named, "User-Agent": "incident-cockpit", "Accept-Encoding": "identity", **(headers or {})}
    async with (
        httpx.AsyncClient(verify=trust.context, trust_env=False, timeout=deadline_s) as client,
        client.stream(
            "GET" if body is None else "POST",
            url,
            content=body,
            headers=told,
            extensions={"sni_hostname": host},
        ) as response,
    ):
        if response.status_code != 200:
            return Fetched(failure="status", reason=f"{host} answers {response.status_code}")
        found = bytearray()
        async for piece in response.aiter_raw(16_384):
            found += piece
            if len(found) > limit:
                return Fetched(failure="too-long", reason=f"{host} answers more than {limit} octets")
    return Fetched(bytes(found))

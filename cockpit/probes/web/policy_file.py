"""Fetch an MTA-STS policy as senders do: HTTPS, status 200, no redirect, a valid certificate (RFC 8461 3.3)."""

import asyncio

import httpx

from cockpit.errors import ConfigError
from cockpit.health.mail.mta_sts import PolicyFile
from cockpit.probes.names.resolve import connectable, resolve
from cockpit.probes.trust.certificates import Trust
from cockpit.profile import Profile
from cockpit.text import visible

DEADLINE_S = 10.0
MAX_OCTETS = 65_536
"""Octets of a policy beyond which it is refused (RFC 8461 section 3.3 suggests 64 kilobytes)."""

PORT = 443
PATH = "/.well-known/mta-sts.txt"


async def read_policy_file(
    profile: Profile, trust: Trust, domain: str, *, port: int = PORT, deadline_s: float = DEADLINE_S
) -> PolicyFile:
    """The policy of `domain`; never raises for what the world does."""
    host = f"mta-sts.{domain}"
    addresses = await resolve(profile, host)
    if addresses.failure is not None:
        return PolicyFile(failure=addresses.failure, reason=addresses.reason)
    tried = PolicyFile(failure="no-address", reason=f"{host} has no address")
    for address in addresses.found:
        tried = await _fetch(profile, trust, host, address, port, deadline_s)
        if tried.failure not in ("refused", "timeout", "not-allowed"):
            break
    return tried


async def _fetch(
    profile: Profile, trust: Trust, host: str, address: str, port: int, deadline_s: float
) -> PolicyFile:
    try:
        async with asyncio.timeout(deadline_s):
            return await _get(connectable(profile, address, port), trust, host, deadline_s)
    except ConfigError as error:
        return PolicyFile(failure="not-allowed", reason=visible(error, limit=300))
    except (TimeoutError, httpx.TimeoutException):
        return PolicyFile(failure="timeout", reason=f"no complete answer within {deadline_s:g} s")
    except httpx.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return PolicyFile(failure="bad-certificate", reason=f"the certificate for {host} is not accepted")
        return PolicyFile(failure="refused", reason=visible(error, limit=300) or "the connection was refused")
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        return PolicyFile(failure="broken-answer", reason=visible(error, limit=300) or type(error).__name__)


async def _get(endpoint: tuple[str, int], trust: Trust, host: str, deadline_s: float) -> PolicyFile:
    address, port = endpoint
    shown = f"[{address}]" if ":" in address else address
    async with (
        httpx.AsyncClient(verify=trust.context, trust_env=False, timeout=deadline_s) as client,
        client.stream(
            "GET",
            f"https://{shown}:{port}{PATH}",
            headers={"Host": host, "User-Agent": "incident-cockpit", "Accept-Encoding": "identity"},
            extensions={"sni_hostname": host},
        ) as response,
    ):
        if response.is_redirect:
            where = visible(response.headers.get("location", ""), limit=200)
            return PolicyFile(failure="redirect", reason=f"it redirects to {where}, which senders do not follow")
        if response.status_code != 200:
            return PolicyFile(failure="status", reason=f"the status is {response.status_code}, not 200")
        if response.headers.get("content-encoding", "identity") != "identity":
            return PolicyFile(failure="broken-answer", reason="it is compressed though nobody asked for that")
        body = bytearray()
        async for piece in response.aiter_raw(4096):
            body += piece
            if len(body) > MAX_OCTETS:
                return PolicyFile(failure="too-long", reason=f"it is longer than {MAX_OCTETS} octets")
    return PolicyFile(
        text=visible(body.decode("utf-8", "replace").replace("\r\n", "\n"), limit=MAX_OCTETS, newlines=True)
    )

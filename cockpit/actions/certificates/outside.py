"""What a host presents right now: a handshake with each of its addresses, and whether it is revoked."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from cockpit.probes.trust.certificates import Trust
from cockpit.probes.trust.tls import TlsProbe
from cockpit.profile import Profile
from cockpit.text import visible


@dataclass(frozen=True, slots=True)
class Presented:
    """What one address presents: serial in hexadecimal, and why it cannot be trusted, empty when it can."""

    address: str
    serial: str
    trouble: str


def presented(profile: Profile, host: str, now: datetime) -> list[Presented]:
    """One entry for each address of a host; never raises for what the world does."""
    readings = asyncio.run(TlsProbe(profile, Trust(profile)).look(host, "tls.certificate", host, 443, at=now))
    found = []
    for reading in readings:
        seen = reading.seen
        address = str(seen.get("address", ""))
        if reading.failure is not None:
            found.append(Presented(address, "", visible(seen.get("reason") or reading.failure)))
            continue
        trouble = visible(seen["verification"]["reason"] or "")
        if any(answer.get("status") == "revoked" for answer in seen.get("revocation", ())):
            trouble = "revoked"
        found.append(Presented(address, plain_serial(seen["certificate"]["serial"]), trouble))
    return found


def plain_serial(serial: str) -> str:
    """A serial number without colons and leading zeros, in lower case, as they can be compared."""
    return serial.replace(":", "").lower().lstrip("0")

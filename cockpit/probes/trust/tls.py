"""What each address of a host presents: chain, way to a trusted root, timestamps, and whether it is revoked.

The handshake verifies nothing, so that a bad certificate is seen like a good one; what is seen here is judged
elsewhere.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.trust.certificates import Trust, alternative_names, facts, responder_url
from cockpit.probes.trust.chain import best_path, issuer_of, picture
from cockpit.probes.trust.revocation import STAPLE, ask_responder, read_answer
from cockpit.probes.trust.timestamps import Logs, must_staple, timestamps
from cockpit.probes.web.visits import DEADLINE_S, Visit, Visits
from cockpit.profile import Profile


class TlsProbe:
    """Looks at certificates; `visits` are shared with whoever asks the same hosts for pages."""

    def __init__(self, profile: Profile, trust: Trust, visits: Visits | None = None) -> None:
        self._profile = profile
        self._trust = trust
        self._logs = Logs(profile)
        self._visits = visits or Visits(profile, trust)

    async def look(
        self,
        target: str,
        check: str,
        host: str,
        port: int,
        *,
        at: datetime,
        deadline_s: float = DEADLINE_S,
        path: str | None = None,
        visits: list[Visit] | None = None,
    ) -> list[Reading]:
        """One reading per address of `host`; never raises for what the world does.

        `seen` has `host`, `port`, `address`, `certificate` and `chain` (facts, leaf first), `verification`
        (`reason`, `detail`, `path`), `picture` (see `chain.picture`), `timestamps`, `must_staple`, `ocsp_url`,
        `nameless` (the names in another certificate that a client is shown which names no host) and
        `revocation` (answers, see `revocation.answer`). `visits` are such as somebody made already; without them a
        visit is made, which asks for `path` too, so that whoever wants that page shares it.
        """
        if visits is None:
            visits = await self._visits.visit(host, port, path, at=at, deadline_s=deadline_s)
        return list(await asyncio.gather(*(self._reading(target, check, visit) for visit in visits)))

    async def _reading(self, target: str, check: str, visit: Visit) -> Reading:
        seen: dict[str, Any] = {"host": visit.host, "port": visit.port}
        vantage = f"{visit.host}:{visit.port}"
        if visit.address:
            seen["address"] = visit.address
            vantage = f"{vantage} {visit.address}"
        took = timedelta(seconds=visit.tls_s or visit.took_s)
        if visit.trouble is not None:
            seen["reason"] = visit.trouble.reason
            return Reading(target, check, vantage, visit.at, took, seen, visit.trouble.failure)
        try:
            seen.update(await self._facts(visit))
        except ValueError as error:
            seen["reason"] = f"the certificate cannot be read ({type(error).__name__})"
            return Reading(target, check, vantage, visit.at, took, seen, "malformed")
        return Reading(target, check, vantage, visit.at, took, seen)

    async def _facts(self, visit: Visit) -> dict[str, Any]:
        chain, at, found = visit.chain, visit.at, visit.verification
        leaf = chain[0]
        path, complete = best_path(chain, self._trust, at)
        issuer = issuer_of(path)
        answers = [read_answer(visit.staple, leaf, issuer, at, STAPLE)] if visit.staple else []
        asked = await ask_responder(self._profile, self._trust, leaf, issuer, at)
        nameless = await self._visits.nameless(visit.address, visit.port) if visit.address else None
        return {
            "certificate": facts(leaf),
            "chain": [facts(certificate) for certificate in chain[1:]],
            "verification": {"reason": found.reason, "detail": found.detail, "path": list(found.path)},
            "picture": picture(chain, path, complete, at),
            "timestamps": timestamps(leaf, issuer, self._logs, at, visit.staple),
            "must_staple": must_staple(leaf),
            "ocsp_url": responder_url(leaf),
            "nameless": alternative_names(nameless)[:3] if nameless is not None and nameless != leaf else [],
            "revocation": answers + ([asked] if asked is not None else []),
        }

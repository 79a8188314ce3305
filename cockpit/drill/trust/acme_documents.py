"""What an ACME authority shows of its books: the JSON objects of RFC 8555 section 7.1."""

from datetime import datetime
from typing import Any

from cockpit.drill.trust.acme_state import Account, Authorization, Challenge, Order


class Documents:
    """Shows orders, authorizations and challenges with the URLs that lead to them, all under `base`."""

    def __init__(self, base: str) -> None:
        self._base = base

    def order(self, order: Order) -> dict[str, Any]:
        """An order; its certificate has a URL once there is one."""
        shown: dict[str, Any] = {
            "status": order.status,
            "expires": _shown(order.expires),
            "identifiers": [{"type": "dns", "value": name} for name in order.names],
            "authorizations": [f"{self._base}/authz/{one.id}" for one in order.authorizations],
            "finalize": f"{self._base}/order/{order.id}/finalize",
        }
        return shown | {"certificate": f"{self._base}/certificate/{order.id}"} if order.certificate else shown

    def authorization(self, authorization: Authorization) -> dict[str, Any]:
        """An authorization with its challenges."""
        shown: dict[str, Any] = {
            "status": authorization.status,
            "expires": _shown(authorization.expires),
            "identifier": {"type": "dns", "value": authorization.name},
            "challenges": [self.challenge(one) for one in authorization.challenges],
        }
        return shown | {"wildcard": True} if authorization.wildcard else shown

    def challenge(self, challenge: Challenge) -> dict[str, Any]:
        """A challenge, with when it was met or why it was not."""
        shown: dict[str, Any] = {
            "type": challenge.kind,
            "url": f"{self._base}/challenge/{challenge.id}",
            "token": challenge.token,
            "status": challenge.status,
        }
        if challenge.validated is not None:
            shown["validated"] = _shown(challenge.validated)
        return shown if challenge.error is None else shown | {"error": challenge.error}


def account_document(account: Account) -> dict[str, Any]:
    """An account."""
    return {"status": account.status, "contact": list(account.contact)}


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")

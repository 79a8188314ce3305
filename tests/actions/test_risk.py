"""How risky a plan is: by the recovery decisions first, then by what the remedies say of themselves."""

import pytest

from cockpit.actions.contract import Request
from cockpit.actions.registry import CARDS
from cockpit.actions.risk import _OWN, Risk, risk_of
from cockpit.incident.authority import MATRICES, Review
from cockpit.incident.recovery import ROWS, row_of

_HAS_NO_WAY_BACK = "there is no way back"


def asked(remedy: str, row: str = "") -> Request:
    scope = {"recovery": {"row": row, "says": "", "approvals": []}} if row else {}
    return Request(remedy=remedy, target="shop.example", parameters={}, scope=scope)


@pytest.mark.parametrize("row", [row for rows in MATRICES.values() for row in rows], ids=lambda row: str(row.id))
def test_a_plan_is_of_high_risk_where_the_matrices_want_an_approval_before_it(row: object) -> None:
    found = risk_of(asked("cert.renew", row.id))  # type: ignore[attr-defined]
    assert found.level == ("high" if row.review is Review.BEFORE else "medium")  # type: ignore[attr-defined]
    assert found.why.startswith(row.scenario)  # type: ignore[attr-defined]


def test_the_row_of_the_incident_comes_before_that_of_the_remedy() -> None:
    assert risk_of(asked("cert.renew")).level == "medium"
    assert risk_of(asked("cert.renew", "certificate-revoked")).level == "high"


def test_a_plan_that_is_graver_than_its_kind_says_why() -> None:
    assert risk_of(asked("ses.byodkim")) == Risk("medium")
    assert risk_of(asked("ses.byodkim"), _HAS_NO_WAY_BACK) == Risk("high", _HAS_NO_WAY_BACK)
    assert risk_of(asked("dns.ds"), _HAS_NO_WAY_BACK).why.startswith("DNSSEC failure: needs the approval")


def test_every_remedy_that_is_rated_exists_and_is_rated_in_one_place() -> None:
    assert set(ROWS) | set(_OWN) <= set(CARDS)
    assert not [name for name in _OWN if row_of(name) is not None]

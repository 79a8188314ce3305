"""An alert finds the open incident that it belongs to."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from cockpit.desk.health.alerts import home_of
from cockpit.incident.model import Incident
from tests.desk.test_next_step import ALERT, NOW


def incident(**changes: Any) -> Incident:
    """An incident as far as it matters here."""
    known = {"uid": "i1", "targets": ("shop.example",), "type": "dkim-missing", "opened_at": NOW, **changes}
    return cast(Incident, SimpleNamespace(**known))


@pytest.mark.parametrize(
    ("target", "kind", "minutes", "because"),
    [
        ("shop.example", "mail-refused", 300, "the same domain"),
        ("news.shop.example", "service-down", 300, "the same domain"),
        ("pay.example", "dkim-missing", 20, "the same failure at the same time"),
        ("pay.example", "dkim-missing", 40, None),
        ("pay.example", "service-down", 1, None),
        ("workshop.example", "service-down", 1, None),
    ],
)
def test_the_domain_counts_always_and_the_kind_within_half_an_hour(
    target: str, kind: str, minutes: int, because: str | None
) -> None:
    alert = replace(ALERT, target=target, kind=kind, at=NOW + timedelta(minutes=minutes))
    home = home_of(alert, [incident()])
    assert (home[1] if home else None) == because


def test_the_incident_of_the_domain_is_taken_before_one_of_the_same_kind() -> None:
    other = incident(uid="i2", targets=("pay.example",))
    home = home_of(replace(ALERT, target="pay.example"), [incident(), other])
    assert home is not None
    assert home[0].uid == "i2"

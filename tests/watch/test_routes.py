"""Alerts get their route when they are raised, and another one when others join or time passes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cockpit.config import DomainConfig, RouteConfig, Settings
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.watch.memory import Batch, Memory
from storage.database import Database
from storage.ledger import Ledger
from storage.observations import Observations

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
RULES: dict[str, tuple[RouteConfig, ...]] = {
    "critical_alerts": (RouteConfig("dns_failure AND affected_domains >= 2", ({"page": ("first", "second")},)),),
    "low_alerts": (RouteConfig("certificate_expiry_warning AND days_remaining <= 7", ({"slack": "#low"},)),),
}
DOMAINS = tuple(DomainConfig(name, failures_to_alert=1) for name in ("a.example", "b.example"))
SETTINGS = Settings(domains=DOMAINS, alert_routing=RULES, successes_to_clear=1)


def dns(memory: Memory, target: str, verdict: Verdict, at: datetime = START) -> Batch:
    return memory.take([Observation(target, "dns.resolution", DECISION, verdict, f"it is {verdict}", at)])


def routes(batch: Batch) -> list[tuple[str, str, Any]]:
    """Kind, target and name of the route of each alert event."""
    return [
        (draft.kind, str(draft.body["alert"]).partition("|")[0], (draft.body.get("route") or {}).get("name"))
        for draft in batch.drafts
        if draft.kind.startswith("alert.")
    ]


def test_the_alert_that_makes_it_two_takes_the_other_one_along_and_back() -> None:
    memory = Memory(SETTINGS)
    assert routes(dns(memory, "a.example", Verdict.FAIL)) == [("alert.raised", "a.example", None)]
    second = dns(memory, "b.example", Verdict.FAIL)
    assert routes(second) == [
        ("alert.raised", "b.example", "critical_alerts"),
        ("alert.routed", "a.example", "critical_alerts"),
    ]
    body = next(draft.body for draft in second.drafts if draft.kind == "alert.raised")
    assert (body["severity"], body["severity_reason"]) == (
        "P0",
        "critical_alerts: dns_failure AND affected_domains >= 2",
    )
    assert body["route"]["notify"] == ["page first, second"]
    assert routes(dns(memory, "b.example", Verdict.FAIL)) == []
    assert routes(dns(memory, "a.example", Verdict.OK)) == [
        ("alert.cleared", "a.example", None),
        ("alert.routed", "b.example", None),
    ]


def test_an_alert_comes_on_its_route_when_its_time_comes() -> None:
    memory = Memory(SETTINGS)
    ends = (START + timedelta(days=8)).isoformat()
    evidence = {"kind": "certificate-expiring", "not_after": ends, "rung": 2}

    def look(days: float) -> list[tuple[str, str, Any]]:
        at = START + timedelta(days=days)
        seen = Observation("a.example", "tls.certificate", DECISION, Verdict.WARN, "ends", at, evidence=evidence)
        return routes(memory.take([seen]))

    assert look(0) == [("alert.raised", "a.example", None)]
    assert look(0.5) == []
    assert look(1) == [("alert.routed", "a.example", "low_alerts")]
    assert look(1.5) == []


def test_a_restart_keeps_routes_and_other_rules_move_the_alerts_that_are_open(database: Path) -> None:
    opened = Database.open(database)
    ledger, observations = Ledger(opened, lambda: START), Observations(opened)
    watched = {(name, "dns.resolution") for name in ("a.example", "b.example")}

    def start(settings: Settings) -> tuple[Memory, list[tuple[str, str, Any]]]:
        memory = Memory(settings)
        batch, _ = memory.restore(ledger, observations, watched, START)
        ledger.append(batch.drafts)
        return memory, routes(batch)

    memory, _ = start(SETTINGS)
    for name in ("a.example", "b.example"):
        ledger.append(dns(memory, name, Verdict.FAIL).drafts)
    assert start(SETTINGS)[1] == []
    _, moved = start(Settings(domains=DOMAINS))
    assert sorted(moved) == [("alert.routed", "a.example", None), ("alert.routed", "b.example", None)]
    assert start(Settings(domains=DOMAINS))[1] == []
    assert len(start(SETTINGS)[1]) == 2
    opened.close()

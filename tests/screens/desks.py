"""Desks on a real database, filled by appending the events and observations that a watch would append."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cockpit.actions.contract import Line as PlanLine
from cockpit.actions.contract import Plan, PlanStep
from cockpit.clock import format_time
from cockpit.config import Settings
from cockpit.config.command import ResolvingConfig
from cockpit.config.settings import AwsConfig, DomainConfig, Person
from cockpit.desk import WATCH_LEASE, Desk, open_desk
from cockpit.health.detail import detail_text
from cockpit.health.model import DECISION, Finding, Observation, Verdict
from cockpit.profile import Aws, Profile
from storage.database import Database
from storage.leases import Leases, boot_id
from storage.ledger import Draft, Ledger
from storage.observations import Observations, Sample
from storage.record_history import RecordHistory, RecordState

START = datetime(2026, 11, 20, 14, 3, 22, tzinfo=UTC)
ACCOUNT = "ses:447112341123/ca-central-1"
SETTINGS = Settings(
    domains=(
        DomainConfig("shop.example", owner="web team", services=("shop", "newsletter"), identity=True),
        DomainConfig("pay.example", owner="payments", services=("checkout", "receipts"), identity=True),
        DomainConfig("news.example", owner="marketing", services=("newsletter",)),
        DomainConfig("api.example", services=("public API",)),
        DomainConfig("admin.example"),
        DomainConfig("app.example"),
    ),
    people=(
        Person("mhassan", "Mona Hassan", ("IC", "TL"), "+1 555 0100"),
        Person("jroy", "Jules Roy", ("TL", "CL"), "+1 555 0101"),
    ),
    aws=AwsConfig("447112341123", "ca-central-1"),
    resolving=ResolvingConfig(conditions=()),
)
DKIM_FINDING = Finding(
    "The CNAME abc123._domainkey.shop.example is gone at all 3 name servers.",
    "Three CNAMEs that lead to SES's keys, at every name server.",
    "Publish the record below at the DNS host of shop.example; SES looks again by itself.",
    "abc123._domainkey.shop.example. 300 IN CNAME abc123.dkim.amazonses.com.",
)


class ManualClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Scene:
    """A desk with a clock to move, and the watch's pen in hand: a connection of its own, as the watch has."""

    def __init__(self, directory: Path, settings: Settings = SETTINGS, *, drill: str = "", read_only: bool = False):
        self.clock = ManualClock()
        aws = Aws(region=settings.aws.region, account=settings.aws.account)
        profile = Profile(kind="drill", name=drill, aws=aws, loopback_only=True) if drill else Profile(aws=aws)
        path = directory / "cockpit" / "cockpit.db"
        self.desk: Desk = open_desk(settings, profile, path, "mhassan", read_only=read_only, clock=self.clock)
        self._database = Database.open(path)
        self.spawned: list[list[str]] = []
        self.desk.actions._spawn = self.spawned.append  # type: ignore[assignment]
        self.desk.runbooks._spawn = self.spawned.append  # type: ignore[assignment]
        self.observations = Observations(self._database)
        self.ledger = Ledger(self._database, self.clock.now, host="bastion")
        self._alerts = 0
        self._seen: set[tuple[str, str]] = set()
        self._samples: list[Sample] = []
        self._latest: dict[tuple[str, str, str], tuple[float, Observation]] = {}

    def refresh(self) -> None:
        """Store what was seen, and let the desk take it in."""
        samples, self._samples = self._samples, []
        if samples:
            self.observations.put(samples)
        self.desk.refresh()

    def close(self) -> None:
        self.desk.close()
        self._database.close()

    def hold_watch(self) -> None:
        """Let somebody hold the watch's lease."""
        Leases(self._database).acquire(WATCH_LEASE, "watch on bastion", os.getpid(), boot_id(), "bastion")

    def event(self, stream: str, kind: str, body: dict[str, Any], *, ago: float = 0, actor: str = "watch") -> None:
        at = self.clock.now() - timedelta(seconds=ago)
        draft = Draft(stream=stream, kind=kind, body=body, occurred_at=at, actor=actor)
        self.ledger.append([draft])

    def saw(
        self,
        target: str,
        check: str,
        verdict: Verdict,
        headline: str,
        *,
        vantage: str = DECISION,
        ago: float = 20,
        since: float | None = None,
        finding: Finding | None = None,
        evidence: dict[str, Any] | None = None,
    ) -> None:
        """Put one observation; `since` seconds ago the verdict began."""
        self._seen.add((target, check))
        moments = [since] if since is not None and since > ago else []
        for seconds in (*moments, ago):
            at = self.clock.now() - timedelta(seconds=seconds)
            seen = Observation(target, check, vantage, verdict, headline, at, timedelta(), finding, evidence or {})
            self._latest[target, check, vantage] = (ago, seen)
            self._samples.append(Sample(target, check, vantage, verdict.value, headline, detail_text(seen), at, 12))

    def again(self) -> None:
        """See everything once more as it was seen last, as long ago as it was then."""
        for ago, seen in self._latest.values():
            at = self.clock.now() - timedelta(seconds=ago)
            self._samples.append(
                Sample(
                    seen.target, seen.check, seen.vantage, seen.verdict, seen.headline, detail_text(seen), at, 12
                )
            )

    def hostile(self, target: str, text: str) -> None:
        """Put `text` into every field of a failing check, as if nothing had cleaned it on its way in."""
        cells = [{"record": text, "type": text, "state": text, "ttl_s": 5}, {"record": text * 2, "state": "gone"}]
        finding = Finding(text, text, text, text)
        self.saw(target, "mail.dkim", Verdict.FAIL, text, finding=finding, evidence={"kind": text})
        self.saw(
            target, "mail.dkim", Verdict.FAIL, text, vantage=text[:80], evidence={"role": text, "cells": cells}
        )
        self.saw(target, "dns.resolution", Verdict.UNKNOWN, text, vantage=text[:80])
        change = {"target": target, "check": "mail.dkim", "old": "OK", "new": "FAIL", "headline": text}
        self.event("ops", "health.changed", {**change, "at": format_time(self.clock.now())})

    def was(self, target: str, record: str, type: str, *states: tuple[float, str, bool]) -> None:
        """Write down how a record was: seconds ago, its value and whether that was good."""
        before: datetime | None = None
        for ago, value, good in states:
            at = self.clock.now() - timedelta(seconds=ago)
            last = None if before is None else at - timedelta(seconds=30)
            state = RecordState(target, "mail.dkim", record, type, value, good, "" if good else "is gone", at, last)
            RecordHistory(self._database).put([state])
            before = at

    def fine(self, target: str, check: str, headline: str) -> None:
        """Put a good observation unless something was seen of this check already."""
        if (target, check) not in self._seen:
            self.saw(target, check, Verdict.OK, headline)

    def alert(self, target: str, check: str, headline: str, *, kind: str, ago: float = 60, severity: str = "P1",
              runbook: str | None = None, services: Sequence[str] = ()) -> str:  # fmt: skip
        """Raise an alert and return its id."""
        self._alerts += 1
        alert = f"{target}|{check}|{self._alerts}"
        self.event(
            "ops", "alert.raised",
            {
                "alert": alert, "target": target, "check": check, "verdict": "FAIL", "headline": headline,
                "finding": None, "severity": severity,
                "severity_reason": f"{len(services) or 1} production services send as {target}",
                "kind": kind, "runbook": runbook, "services": list(services), "owners": ["web team"],
                "first_bad_at": format_time(self.clock.now() - timedelta(seconds=ago + 30)),
            },
            ago=ago,
        )  # fmt: skip
        return alert


def all_green(scene: Scene) -> None:
    """Every check of every domain is good."""
    for domain in SETTINGS.domains:
        for check, words in (
            ("dns.resolution", "DNS: 5 servers agree"),
            ("mail.dkim", "DKIM: 3 CNAMEs published at 3 name servers"),
            ("tls.certificate", "Certificate good for 61 days"),
            ("http.health", "200 in 84 ms"),
        ):
            scene.fine(domain.name, check, words)
    for name in ("shop.example", "pay.example"):
        scene.fine(name, "ses.identity", "SES: verified, DKIM SUCCESS")
    ses_account(scene)


def ses_account(scene: Scene, bounce: float = 0.0231) -> None:
    """The account with its rates."""
    trend = [bounce * part for part in (0.55, 0.6, 0.62, 0.7, 0.78, 0.84, 0.9, 0.95, 1.0)]
    scene.saw(ACCOUNT, "ses.account", Verdict.OK, "SES account HEALTHY, sending on", ago=12,
              evidence={"enforcement": "HEALTHY", "sending_enabled": True})  # fmt: skip
    scene.saw(ACCOUNT, "ses.quota", Verdict.OK, "41 % of the daily quota used", ago=12,
              evidence={"used_fraction": 0.41})  # fmt: skip
    scene.saw(ACCOUNT, "ses.bounce", Verdict.OK, "Bounce rate 2.31 %", ago=12,
              evidence={"windowed": bounce, "reported": 0.019, "trend": trend})  # fmt: skip
    scene.saw(ACCOUNT, "ses.complaint", Verdict.OK, "Complaint rate 0.04 %", ago=12,
              evidence={"windowed": 0.0004, "reported": 0.00038, "trend": [0.0003, 0.0003, 0.0004]})  # fmt: skip


def troubled(scene: Scene) -> str:
    """A bad morning: DKIM gone, DNSSEC expired, a warning, silence; returns the DKIM alert's id."""
    cells = [
        {"record": f"{token}._domainkey.shop.example", "type": "CNAME", "state": state, "ttl_s": ttl}
        for token, state, ttl in (("abc123", "gone", 240), ("def456", "good", 3600), ("ghi789", "good", 300))
    ]  # fmt: skip
    for vantage, role in (
        ("ns1.shop.example", "authoritative"), ("ns2.shop.example", "authoritative"),
        ("ns3.shop.example", "authoritative"), ("google", "resolver"), ("cloudflare", "resolver"),
    ):  # fmt: skip
        scene.saw("shop.example", "mail.dkim", Verdict.FAIL, "abc123._domainkey is gone", vantage=vantage, ago=14,
                  evidence={"role": role, "cells": cells})  # fmt: skip
    scene.saw("shop.example", "mail.dkim", Verdict.FAIL, "DKIM: 1 of 3 CNAMEs gone at all 3 name servers", ago=14,
              since=240, finding=DKIM_FINDING, evidence={"asked": 5, "agreeing": 0})  # fmt: skip
    scene.was("shop.example", "abc123._domainkey.shop.example", "CNAME",
              (86_400, "abc123.dkim.amazonses.com", True), (240, "", False))  # fmt: skip
    scene.was("shop.example", "shop.example", "NS", (86_400, "ns1.old.example, ns2.old.example", True),
              (780, "ns1.shop.example, ns2.shop.example, ns3.shop.example", True))  # fmt: skip
    scene.saw("pay.example", "dns.resolution", Verdict.FAIL, "DNSSEC: RRSIG expired 2 h ago", ago=10, since=720,
              finding=Finding("The signature expired.", "A valid signature.", "Sign the zone again."))  # fmt: skip
    scene.saw("news.example", "tls.certificate", Verdict.WARN, "Certificate ends in 12 days", ago=30, since=180_000)
    scene.saw("api.example", "dns.resolution", Verdict.UNKNOWN, "3 of 4 resolvers are silent", ago=10, since=40)
    all_green(scene)
    for target, check, words in (
        ("shop.example", "mail.dkim", "DKIM: 1 of 3 CNAMEs gone at all 3 name servers"),
        ("pay.example", "dns.resolution", "DNSSEC: RRSIG expired 2 h ago"),
    ):
        change = {"target": target, "check": check, "old": "OK", "new": "FAIL", "headline": words}
        at = format_time(scene.clock.now() - timedelta(seconds=240))
        scene.event("ops", "health.changed", {**change, "at": at}, ago=240)
    scene.alert("pay.example", "dns.resolution", "DNSSEC: RRSIG expired 2 h ago", kind="dnssec-failure", ago=700,
                severity="P1", services=("checkout", "receipts"))  # fmt: skip
    return scene.alert(
        "shop.example", "mail.dkim", "DKIM: 1 of 3 CNAMEs gone at all 3 name servers", kind="dkim-missing",
        ago=200, severity="P1", runbook="dkim-record-missing", services=("shop", "newsletter"),
    )  # fmt: skip


def chained(scene: Scene, target: str = "pay.example") -> None:
    """A DNSSEC chain that breaks at the domain, and a certificate chain that lacks its intermediate."""
    ends = format_time(scene.clock.now() + timedelta(days=12))
    zones = [
        {"zone": zone, "status": "secure", "expires_at": ends, "keys": [{"tag": tag, "entry": True}],
         "ds": [{"tag": tag, "algorithm": 13, "digest_type": 2}]}
        for zone, tag in ((".", 20326), ("example", 9511))
    ]  # fmt: skip
    broken = {"zone": target, "status": "bogus", "reason": "wrong-ds", "detail": "DS 4711, keys 21720",
              "keys": [{"tag": 21720, "algorithm": 13, "entry": True}],
              "ds": [{"tag": 4711, "algorithm": 13, "digest_type": 2}]}  # fmt: skip
    scene.saw(target, "dns.dnssec", Verdict.FAIL, f"DNSSEC: {target}: no key matches the DS", ago=10, since=720,
              evidence={"status": "bogus", "chain": [*zones, broken]})  # fmt: skip
    chain = [
        {"role": role, "subject": subject, "not_after": ends, "presented": presented, "used": True,
         "missing": role == "intermediate", "trouble": "", "fetch_at": where, "sha256": subject}
        for role, subject, presented, where in (
            ("leaf", f"www.{target}", True, ""),
            ("intermediate", "Example Issuing CA", False, "http://ca.example/issuing.cer"),
            ("root", "Example Root", False, ""),
        )
    ]  # fmt: skip
    words = f"www.{target}: missing intermediate: Example Issuing CA is not sent"
    finding = Finding(
        "The server sends its own certificate alone.", "It sends the whole chain.", "Append the issuer's."
    )
    scene.saw(target, "tls.certificate", Verdict.FAIL, words, ago=30, since=600, finding=finding,
              evidence={"host": f"www.{target}", "chain": chain})  # fmt: skip
    scene.saw(target, "tls.revocation", Verdict.NA, "Revocation: not asked while the chain is not whole", ago=30)
    cells = [{"record": target, "type": "MX", "state": "good", "ttl_s": 3600, "value": "10 mx.example."}]
    for vantage, role in (("ns1.example", "authoritative"), ("google", "resolver")):
        scene.saw(target, "mail.mx", Verdict.OK, "MX: mx.example", vantage=vantage,
                  evidence={"role": role, "cells": cells})  # fmt: skip
    scene.saw(target, "mail.mx", Verdict.OK, "MX: mx.example")


def signed_well(scene: Scene, target: str = "shop.example") -> None:
    """A whole DNSSEC chain, a whole certificate chain, and servers that agree about every record."""
    ends = format_time(scene.clock.now() + timedelta(days=12))
    zones = [
        {"zone": zone, "status": "secure", "expires_at": ends, "keys": [{"tag": tag, "entry": True}],
         "ds": [{"tag": tag, "algorithm": 13, "digest_type": 2}]}
        for zone, tag in ((".", 20326), ("example", 9511), (target, 4711))
    ]  # fmt: skip
    scene.saw(target, "dns.dnssec", Verdict.OK, "DNSSEC: 3 zones signed and valid", ago=10,
              evidence={"status": "secure", "chain": zones})  # fmt: skip
    chain = [
        {"role": role, "subject": subject, "not_after": ends, "presented": role != "root", "used": True,
         "missing": False, "trouble": "", "sha256": subject}
        for role, subject in (
            ("leaf", f"www.{target}"), ("intermediate", "Example Issuing CA"), ("root", "Example Root"),
        )
    ]  # fmt: skip
    scene.saw(target, "tls.certificate", Verdict.OK, f"www.{target}: good for 61 days", ago=30,
              evidence={"host": f"www.{target}", "chain": chain})  # fmt: skip
    cells = [
        {"record": record, "type": kind, "state": "good", "ttl_s": 300, "value": "x"}
        for record, kind in ((target, "A"), (target, "MX"), (f"www.{target}", "A"), (f"www.{target}", "AAAA"))
    ]
    for vantage, role in (
        ("ns1.hosting.example", "authoritative"), ("ns2.hosting.example", "authoritative"),
        ("google", "resolver"), ("cloudflare", "resolver"), ("opendns", "resolver"),
    ):  # fmt: skip
        scene.saw(target, "dns.resolution", Verdict.OK, "4 records answered", vantage=vantage, ago=14,
                  evidence={"role": role, "cells": cells})  # fmt: skip
        if role == "authoritative":
            scene.saw(target, "dns.dnssec", Verdict.OK, "signed and valid", vantage=vantage, ago=10)
    scene.saw(target, "dns.resolution", Verdict.OK, "2 name servers and 3 resolvers agree", ago=14)
    issued(scene, target, strange=False)
    balanced(scene, target, broken=False)


def issued(scene: Scene, target: str, *, strange: bool) -> None:
    """What a search of the transparency logs found; `strange` with one by somebody who may not issue."""
    at, found = scene.clock.now(), []
    for number, (name, issuer, allowed, new, hours) in enumerate(
        (
            (f"www.{target}", "CN=Evil CA,O=Evil", False, True, 3),
            (target, "CN=R11,O=Let's Encrypt", True, True, 20),
            (f"www.{target}", "CN=R10,O=Let's Encrypt", True, False, 24 * 70),
        )
    ):
        if allowed or strange:
            found.append(
                {"serial": f"04{number}a1b2c3", "names": [name, target], "issuer": issuer,
                 "allowed": allowed, "new": new,
                 "logged_at": format_time(at - timedelta(hours=hours)), "ended": hours > 2000, "revoked_at": "",
                 "not_after": format_time(at + timedelta(days=90) - timedelta(hours=hours))}
            )  # fmt: skip
    evidence = {
        "allowed": ["Let's Encrypt"], "recent": found, "unauthorised": [one for one in found if not one["allowed"]],
        "new": [one for one in found if one["new"]], "seen_count": len(found), "since": "2026-11-03T09:00:00Z",
    }  # fmt: skip
    verdict, words = Verdict.INFO, f"new: a certificate for {target} by R11"
    if strange:
        verdict, words = Verdict.FAIL, f"unauthorised: a certificate for www.{target} by Evil CA"
    scene.saw(target, "tls.issuance", verdict, words, ago=700, evidence=evidence)


def balanced(scene: Scene, target: str, *, broken: bool) -> None:
    """Two target groups behind a load balancer; `broken` with two targets that fail their health checks."""
    for group, number in (("shop-web", 3), ("shop-api", 2)):
        bad = 2 if broken and group == "shop-web" else 0
        targets = [
            {"id": f"i-0{group[5:]}{place}", "port": 443, "zone": f"ca-central-1{'ab'[place % 2]}",
             "state": "unhealthy" if place < bad else "healthy",
             "reason": "Target.ResponseCodeMismatch" if place < bad else "",
             "description": "Health checks failed with these codes: [502]" if place < bad else ""}
            for place in range(number)
        ]  # fmt: skip
        zones: dict[str, list[int]] = {}
        for each in targets:
            counts = zones.setdefault(str(each["zone"]), [0, 0])
            counts[0] += each["state"] == "healthy"
            counts[1] += 1
        evidence = {"group": group, "balancer": "shop-alb", "targets": targets, "zones": zones,
                    "healthy": number - bad, "all": number}  # fmt: skip
        verdict = Verdict.WARN if bad else Verdict.OK
        words = f"{group}: {number - bad} of {number} targets healthy"
        scene.saw(target, "lb.targets", verdict, words, vantage=group, ago=12, evidence=evidence)
    said = (
        "shop-web: 1 of 3 targets healthy (ResponseCodeMismatch)"
        if broken
        else "5 of 5 targets healthy in 2 groups"
    )
    scene.saw(target, "lb.targets", Verdict.WARN if broken else Verdict.OK, said, ago=12)


def plan_for(scene: Scene, domain: str = "shop.example") -> Plan:
    """The plan that points SES signing at our own key."""
    before = {"origin": "AWS_SES", "selector": None}
    after = {"origin": "EXTERNAL", "selector": "s2026b"}
    step = PlanStep(
        "PutEmailIdentityDkimSigningAttributes", "sign with selector s2026b", before, after, {"d": domain}
    )
    back = PlanStep(
        "PutEmailIdentityDkimSigningAttributes", "sign with Easy DKIM again", after, before, {"d": domain}
    )
    now = scene.clock.now()
    return Plan(
        remedy="ses.byodkim",
        title=f"point SES signing for {domain} at selector s2026b",
        target=domain,
        account="447112341123",
        region="ca-central-1",
        caller="arn:aws:sts::447112341123:assumed-role/ic-remediate/mhassan",
        before=before,
        desired=after,
        diff=(
            PlanLine("-", "origin", "AWS_SES (Easy DKIM, 3 tokens)"),
            PlanLine("+", "origin", "EXTERNAL, selector s2026b"),
        ),
        reach="1 domain, 2 services; up to 15 min of unsigned mail while SES verifies the key",
        undo="back to Easy DKIM with the same 3 tokens; their records are still published",
        proof=("the key in s3://acme-dkim/… equals the TXT record at 3 of 3 name servers and 5 of 6 resolvers",),
        checks=("GetEmailIdentity says SUCCESS", "an independent DNS read agrees"),
        risk="medium",
        steps=(step,),
        way_back=(back,),
        rolls_back=False,
        phrase=domain,
        subject={},
        made_at=now,
        expires_at=now + timedelta(minutes=15),
    )


def planned(scene: Scene, incident: str | None = None) -> str:
    """An action whose plan waits to be confirmed; returns its uid."""
    parameters = {"domain": "shop.example", "selector": "s2026b"}
    uid = scene.desk.actions.request("ses.byodkim", parameters, incident=incident)
    plan = plan_for(scene)
    scene.event(f"action/{uid}", "action.planned", {"plan": plan.to_json(), "plan_hash": plan.hash}, actor="runner")
    scene.refresh()
    return uid


def applied(scene: Scene, uid: str) -> None:
    """What the runner journals from the confirmation to the success, except the success."""
    plan = plan_for(scene)
    stream, quiet = f"action/{uid}", format_time(scene.clock.now() + timedelta(seconds=40))
    digest = plan.steps[0].digest
    for kind, body in (
        ("locked", {"target": "shop.example", "fencing": 1}),
        ("checked", {"matches": True}),
        ("intent", {"intent": "i1", "step": 0, "back": False, "digest": digest, "says": plan.steps[0].says}),
        ("effect", {"intent": "i1"}),
        ("unknown", {"intent": "i1", "reason": "no answer within 20 s"}),
        ("reconciling", {"intent": "i1", "quiet_until": quiet}),
    ):
        scene.event(stream, f"action.{kind}", body, actor="runner")
    scene.refresh()

"""A world in this process whose time moves only when the script says so, and the people who work in it.

Everything is asked and changed over the real protocols; only waiting is done by moving the world's clock.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.update
import httpx
import pytest
from botocore.config import Config

from cockpit.actions.runner import carry as run_action
from cockpit.clock import SystemClock
from cockpit.comms.courier import carry
from cockpit.config import Settings, settings_from
from cockpit.desk import Desk, open_desk
from cockpit.desk.feed import Feed
from cockpit.desk.incident.messages import Messages
from cockpit.desk.remedies.actions import Actions
from cockpit.desk.remedies.approvals import Approvals
from cockpit.drill.dns import TsigKey
from cockpit.drill.estate.baseline import PreparedKey
from cockpit.drill.judging.claims import claims_of
from cockpit.drill.judging.referee import Outcome, Score
from cockpit.drill.scenario import load_scenario, parse_inject
from cockpit.drill.world import World
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.profile import Profile
from cockpit.watch import check_once

T = TypeVar("T")

SPEED = 60.0
HOSTING = "203.0.113.1"
PATIENCE_S = 30.0
STEPS = 24
"""Looks of the world at its own schedule while a script waits, at most."""


@dataclass(frozen=True)
class Sight:
    """What a probe decided about one check."""

    verdict: Verdict
    headline: str
    kind: str


class Stage:
    """One scenario, played."""

    def __init__(self, name: str, folder: Path, prepared: PreparedKey, patch: pytest.MonkeyPatch) -> None:
        self._base, self._moved = time.monotonic(), 0.0
        self.prepared = prepared
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="world", daemon=True)
        self._thread.start()
        scenario = load_scenario(name)
        self.world = World(
            scenario, speed=SPEED, seed=7, operator="mhassan", prepared=prepared, monotonic=self._monotonic
        )
        self._run(self.world.start())
        patch.setattr("cockpit.watch.once.SystemClock", lambda: self.world.clock)
        self.profile: Profile = self.world.profile
        self.settings: Settings = settings_from(self.profile.settings or {}, "the drill")
        self.desk: Desk = open_desk(
            self.settings, self.profile, folder / "cockpit.db", "mhassan", clock=self.world.clock
        )
        self.messages = Messages(
            self.desk.documents,
            self.desk.incidents,
            self.settings,
            self.profile,
            self.desk.database.path,
            "mhassan",
            self.world.clock,
            send=carry,
        )
        self._clients: dict[str, Any] = {}
        self._runners: list[threading.Thread] = []
        self.desk.actions._spawn = self._spawn
        self.incident = ""
        self._public = ""

    def close(self) -> None:
        """End the world."""
        for client in self._clients.values():
            client.close()
        for runner in self._runners:
            runner.join(PATIENCE_S)
        self.desk.close()
        self._run(self.world.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # Time

    def wait(self, minutes: float) -> None:
        """Let scenario time pass, in steps in which the world looks at its own schedule."""
        steps = max(1, min(round(minutes * 6), STEPS))
        for _ in range(steps):
            self._moved += minutes * 60 / steps / SPEED
            self.inside(self.world.tick)

    def break_it(self) -> None:
        """Wait until everything that goes wrong in the first five minutes has gone wrong."""
        first = [inject.at_s for inject in self.world.scenario.injects if inject.at_s <= 300]
        self.wait((max(first) + 1) / 60)

    def until(self, condition: Callable[[], T | None], minutes: float = 30, every: float = 0.5) -> T:
        """Let time pass until there is a true answer; fails when there is none in time."""
        for _ in range(round(minutes / every)):
            if found := condition():
                return found
            self.wait(every)
        raise AssertionError(f"nothing came of {minutes} minutes: {self.world.status()}")

    def in_real_time(self, condition: Callable[[], T], meanwhile: Callable[[], object] = lambda: None) -> T:
        """Wait for a process that lives on the real clock; `meanwhile` may move the world's."""
        end, pause = time.monotonic() + PATIENCE_S, threading.Event()
        while not (found := condition()):
            assert time.monotonic() < end, "the other process never came that far"
            pause.wait(0.05)
            meanwhile()
        return found

    def inside(self, call: Callable[[], T]) -> T:
        """Run something in the world's own thread."""

        async def run() -> T:
            return call()

        done: T = self._run(run())
        return done

    def inject(self, **word: Any) -> None:
        """What a facilitator does by hand."""
        self.inside(lambda: self.world.inject(parse_inject(word), "facilitator"))

    # Looking

    def look(self, target: str, check: str) -> Sight:
        """One look by the ordinary probes at one check of one target."""
        targets = [] if target.startswith("ses:") else [target]
        decisions = [seen for seen in self._look(targets, check) if seen.vantage == DECISION]
        seen = decisions[-1]
        return Sight(seen.verdict, seen.headline, str(seen.evidence.get("kind", "")))

    def until_seen(self, target: str, check: str, verdict: Verdict) -> Sight:
        """Look again and again until it shows, as the watch does; fails when it never does."""
        seen = []

        def shows() -> Sight | None:
            seen.append(self.look(target, check))
            return seen[-1] if seen[-1].verdict is verdict else None

        try:
            return self.until(shows, 3)
        except AssertionError:
            raise AssertionError(f"{verdict} never showed, but {seen[-1]}") from None

    def ask(self, server: str, name: str, kind: str) -> list[Any]:
        """The records that a server answers with."""
        address, port = self.profile.dialled(server, 53)
        query = dns.message.make_query(name, kind, want_dnssec=True)
        answer = dns.query.tcp(query, address, port=port, timeout=5)
        wanted = dns.rdatatype.from_text(kind)
        return [rdata for rrset in answer.answer if rrset.rdtype == wanted for rdata in rrset]

    def _look(self, targets: Sequence[str], check: str) -> list[Observation]:
        return check_once(self.settings, self.profile, targets, [check])

    # Doing

    def aws(self, service: str) -> Any:
        """An unmodified client of the SDK."""
        if service not in self._clients:
            aws = self.profile.aws
            self._clients[service] = boto3.session.Session().client(
                service,
                region_name=aws.region,
                endpoint_url=aws.endpoint,
                aws_access_key_id=aws.access_key,
                aws_secret_access_key=aws.secret_key,
                config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10),
            )
        return self._clients[service]

    def update(
        self, zone: str, key: TsigKey, server: str, records: Mapping[tuple[str, str], Sequence[str]]
    ) -> None:
        """Make record sets so by one signed dynamic update (RFC 2136); no values delete one."""
        keyring = dns.tsigkeyring.from_text({key.name: (key.algorithm, key.secret)})
        update = dns.update.UpdateMessage(zone, keyring=keyring, keyalgorithm=dns.tsig.HMAC_SHA256)
        for (name, kind), values in records.items():
            if values:
                update.replace(dns.name.from_text(name), 60, kind, *values)
            else:
                update.delete(dns.name.from_text(name), kind)
        address, port = self.profile.dialled(server, 53)
        answer = dns.query.tcp(update, address, port=port, timeout=5)
        assert answer.rcode() == dns.rcode.NOERROR, dns.rcode.to_text(answer.rcode())
        self.inside(self.world.tick)

    def publish(self, zone: str, name: str, kind: str, *values: str) -> None:
        """Change a record of the company's."""
        self.update(zone, self.world.tsig, HOSTING, {(f"{name}.", kind): values})

    def remedy(self, remedy: str, /, **parameters: str) -> None:
        """Have a remedy planned, confirm it, have it approved where that is needed, and see it succeed."""
        desk = self.desk
        uid = desk.actions.request(remedy, parameters, incident=self.incident or None)

        def reaches(*states: str) -> Callable[[], bool]:
            def there() -> bool:
                desk.refresh()
                return str(desk.actions.get(uid).state) in states

            return there

        self.in_real_time(reaches("planned", "refused"))
        view = desk.actions.get(uid)
        assert view.can_confirm, view.reason
        groups = desk.actions.run_of(uid).required.by
        for number in range(view.approvals_missing):
            group = groups[number] if number < len(groups) else ()
            self._approvals_of(next(iter(group), "kblake")).approve(view.code_to_approve)
            desk.refresh()
        desk.actions.confirm(uid, view.phrase)
        ended = reaches("succeeded", "refused", "rolled back", "needs human", "expired")
        self.in_real_time(ended, lambda: self.wait(1 / 12))
        assert str(desk.actions.get(uid).state) == "succeeded", desk.actions.get(uid).reason

    def _approvals_of(self, person: str) -> Approvals:
        """Another member of the team, at a terminal and with a key of their own."""
        feed = Feed(self.desk.database, self.desk.feed.ledger, SystemClock(), person)
        actions = Actions(
            feed, self.settings, Path("unused"), self.desk.database.path, person, spawn=lambda _: None
        )
        feed.add(actions)
        feed.catch_up()
        return Approvals(feed, actions, person, self.desk.database.path.parent / "keys")

    def _spawn(self, arguments: Sequence[str]) -> None:
        """A runner as a thread: it costs what its requests cost."""
        uid = arguments[arguments.index("--run") + 1]
        runner = threading.Thread(
            target=run_action,
            args=(self.desk.database.path, uid, self.profile, "mhassan"),
            kwargs={"read_only": False},
        )
        self._runners.append(runner)
        runner.start()

    # Command

    def take_on(self, title: str, severity: str, target: str, *roles: str) -> None:
        """Open the incident, take the lead, and give roles away."""
        found = self.desk.incidents.open(
            title, severity=severity, reason="as the documents have it", targets=[target], take_lead=True
        )
        self.incident = found.uid
        for role in roles:
            self.desk.incidents.assign(found.uid, role, {"TL": "jroy", "CL": "atran", "SL": "kblake"}[role])

    def tell(self, text: str) -> None:
        """Say something in the team's channel."""
        self.messages.send(self.incident, "internal", text)

    def tell_customers(self, text: str, status: str = "investigating") -> None:
        """Write on the public status page, as its API is documented: one incident, then updates of it."""
        access = self.world.sinks.access["status-page"]
        url = f"{access['url']}/v1/pages/{self.world.sinks.page}/incidents"
        method, incident = "POST", {"name": "Signing in", "status": status, "body": text}
        if self._public:
            method, url = "PATCH", f"{url}/{self._public}"
        answer = httpx.request(
            method, url, json={"incident": incident}, headers={"Authorization": f"OAuth {access['token']}"}
        )
        self._public = answer.raise_for_status().json()["id"]

    def tell_owners(self, text: str) -> None:
        """Open a ticket for the owners of the services."""
        access = self.world.sinks.access["ticket"]
        ticket = {
            "subject": "Outage",
            "description": text,
            "email": "owners@admin.example",
            "priority": 3,
            "status": 2,
        }
        answer = httpx.post(f"{access['url']}/api/v2/tickets", json=ticket, auth=(access["token"], "X"))
        answer.raise_for_status()

    def resolve(self) -> None:
        """Call it over."""
        self.desk.refresh()
        self.desk.incidents.move(self.incident, "resolved", reason="seen from outside to work again")

    # The end

    def score(self) -> Score:
        """What the referee says."""
        self.desk.refresh()
        claims = claims_of(self.desk.incidents.all())
        return self.inside(lambda: self.world.referee.score(claims))

    @property
    def restored(self) -> bool:
        """The world's own measure."""
        return bool(self.inside(self.world.referee.restored))

    def _monotonic(self) -> float:
        return self._base + self._moved

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


@contextmanager
def staged(name: str, folder: Path, prepared: PreparedKey) -> Iterator[Stage]:
    """A scenario for the length of the block; no answer of its AWS may have been outside the SDK's model."""
    with pytest.MonkeyPatch.context() as patch:
        stage = Stage(name, folder, prepared, patch)
        try:
            yield stage
            assert list(stage.world.aws.calls.drift) == []
        finally:
            stage.close()


def outcomes(score: Score) -> dict[str, Outcome]:
    """Each expectation's outcome by its title."""
    return {judgement.title: judgement.outcome for judgement in score.judgements}

"""mail.dkim: are the DKIM records that SES signs by published, everywhere, and with the right key.

With Easy DKIM that is three CNAMEs into the identity's SigningHostedZone and the keys behind them; with our own
key (BYODKIM, origin EXTERNAL) it is one TXT record whose key must be the one we hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.dkim_cells import WEAK, dkim_seat, in_the_light_of
from cockpit.health.dkim_expected import EASY, RECORD_TTL_S, Expectation, ExpectedRecord, txt_record
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict
from cockpit.health.servers import (
    AUTHORITATIVE,
    BOGUS,
    CACHED,
    GONE,
    GOOD,
    PENDING,
    RESOLVER,
    UNKNOWN,
    WRONG,
    Cell,
    Seat,
    counted,
    longest,
    servers_phrase,
    span,
    trouble,
)

CHECK = "mail.dkim"


def not_applicable(target: str, at: datetime, headline: str, verdict: Verdict = Verdict.NA) -> Observation:
    """The decision when there is nothing that could be looked for."""
    return Observation(target, CHECK, DECISION, verdict, headline, at)


def judge_dkim(expectation: Expectation, readings: Sequence[Reading], at: datetime) -> list[Observation]:
    """One observation per server and the decision over them all, which comes last."""
    seats = [dkim_seat(reading, expectation) for reading in readings]
    auth = [seat for seat in seats if seat.role == AUTHORITATIVE and seat.heard]
    seats = [in_the_light_of(auth, seat) for seat in seats]
    case = _Case(expectation, at, tuple(seats))
    return [*(_observe(seat, expectation) for seat in seats), case.decide()]


def _observe(seat: Seat, expectation: Expectation) -> Observation:
    if not seat.cells:
        reason = str(seat.reading.seen.get("reason", ""))
        return seat.observe(Verdict.UNKNOWN, reason or trouble(seat.reading.failure or "timeout"))
    total = len(seat.cells)
    rest = _rest(seat.cells, PENDING, CACHED)
    for state, verdict, sentence in (
        (GONE, Verdict.FAIL, "{n} of {total} {noun}s gone"),
        (WRONG, Verdict.FAIL, "{record} {why}"),
        (BOGUS, Verdict.FAIL, "{record} {why}"),
        (PENDING, Verdict.WARN, "{n} of {total} {noun}s not seen yet, {rest} left"),
        (CACHED, Verdict.WARN, "{n} of {total} {noun}s only remembered, {rest} left"),
        (UNKNOWN, Verdict.UNKNOWN, "{why}"),
        (WEAK, Verdict.WARN, "{record} {why}"),
    ):
        cells = [cell for cell in seat.cells if cell.state == state]
        if cells:
            headline = sentence.format(
                n=len(cells),
                total=total,
                noun=expectation.noun,
                record=cells[0].record,
                why=cells[0].why,
                rest=span(rest),
            )
            return seat.observe(verdict, headline)
    return seat.observe(Verdict.OK, f"{counted(total, expectation.noun)} published")


def _rest(cells: Sequence[Cell], *states: str) -> int:
    return max((cell.ttl_s or 0 for cell in cells if cell.state in states), default=0)


@dataclass(frozen=True, slots=True)
class _Case:
    expectation: Expectation
    at: datetime
    seats: tuple[Seat, ...]

    @property
    def auth(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.role == AUTHORITATIVE and seat.heard]

    @property
    def resolvers(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.role == RESOLVER and seat.heard]

    def decide(self) -> Observation:
        """What is wrong at the source comes first; resolvers decide only where the source is silent."""
        if not self.auth and not self.resolvers:
            return self._observation(
                Verdict.UNKNOWN, f"DKIM: all {len(self.seats)} servers are silent: is it our own network?"
            )
        judges, kind = (self.auth, "name server") if self.auth else (self.resolvers, "resolver")
        for state in (GONE, WRONG):
            for_state = [seat for seat in judges if seat.has(state)]
            if for_state:
                return self._failed(state, for_state, judges, kind)
        return self._bogus() or self._keyless() or self._behind_the_source() or self._weak(judges) or self._fine()

    def _failed(self, state: str, bad: list[Seat], judges: list[Seat], kind: str) -> Observation:
        expectation = self.expectation
        lost = [
            (record, cell)
            for place, record in enumerate(expectation.records)
            for cell in [next((s.cells[place] for s in bad if s.cells[place].state == state), None)]
            if cell is not None
        ]
        where = servers_phrase(bad, judges, kind)
        total = len(expectation.records)
        head = f"{len(lost)} of {total} {expectation.noun}s" if total > 1 else lost[0][0].name
        verb = "gone" if total > 1 else "is gone"
        wrong = lost[0][1].why if total == 1 else "wrong"
        headline = f"DKIM: {head} {verb if state == GONE else wrong} at {where}"
        cached = [seat for seat in self.resolvers if seat.has(CACHED)]
        memory = ""
        if cached:
            rest = max(_rest(seat.cells, CACHED) for seat in cached)
            memory = f" {counted(len(cached), 'resolver')} still remember it, for {span(rest)} at most."
        now = "; ".join(f"{record.name} {cell.why}" for record, cell in lost) + f" at {where}.{memory}"
        finding = Finding(now, self._wanted(), self._fix(state), self._records([record for record, _ in lost]))
        missing = [record.name for record, _ in lost]
        return self._observation(Verdict.FAIL, headline, finding, missing=missing)

    def _wanted(self) -> str:
        if self.expectation.origin == EASY:
            return f"{len(self.expectation.records)} CNAMEs, each to the key that SES keeps for it."
        known = " equal to the one we sign with" if self.expectation.key_sha256 else ""
        return f"One TXT record with a sound key{known}."

    def _fix(self, state: str) -> str:
        verb = "Publish" if state == GONE else "Correct"
        return (
            f"{verb} the record below in the zone that holds {self.expectation.domain}. SES looks again by itself; "
            "if it had given up (FAILED), start DKIM set-up again."
        )

    def _records(self, wanted: Sequence[ExpectedRecord]) -> str | None:
        lines = []
        for record in wanted:
            if record.target is not None:
                lines.append(f"{record.name}. {RECORD_TTL_S} IN CNAME {record.target}.")
            elif self.expectation.public_key:
                lines.append(txt_record(record.name, f"v=DKIM1; k=rsa; p={self.expectation.public_key}"))
        return "\n".join(lines) or None

    def _bogus(self) -> Observation | None:
        bogus = [seat for seat in self.resolvers if seat.has(BOGUS)]
        if not bogus:
            return None
        where = servers_phrase(bogus, self.resolvers, "resolver")
        finding = Finding(
            f"The DKIM records fail DNSSEC validation at {where}.",
            "The zone's signatures, keys and DS agree.",
            "See the check DNS resolution: the zone's DNSSEC has to be mended, not the DKIM records.",
        )
        return self._observation(
            Verdict.FAIL, f"DKIM: fails DNSSEC validation at {where}", finding, kind="dnssec-failure"
        )

    def _keyless(self) -> Observation | None:
        """A CNAME that is there and whose TXT nobody can get: SES asks for the TXT, and so do receivers."""
        asked = [seat for seat in self.seats if seat.role == RESOLVER and seat.cells]
        if not self.auth or not asked:
            return None
        for place, record in enumerate(self.expectation.records):
            if all(place < len(seat.cells) and "SERVFAIL" in seat.cells[place].why for seat in asked):
                where = servers_phrase(asked, asked, "resolver")
                target = record.target or record.name
                finding = Finding(
                    f"{record.name} is published, and {where} answer SERVFAIL when asked for the key (TXT) there.",
                    "Whoever asks for the TXT gets the key; SES asks so too.",
                    f"See why {target} cannot be had as TXT: a broken zone, or servers that know CNAME only.",
                )
                headline = f"DKIM: {record.name} is there, and its key (TXT) is SERVFAIL at {where}"
                return self._observation(Verdict.FAIL, headline, finding, missing=[record.name])
        return None

    def _behind_the_source(self) -> Observation | None:
        behind = [seat for seat in self.resolvers if seat.has(PENDING) or seat.has(WRONG) or seat.has(GONE)]
        if not behind:
            return None
        rest = max(_rest(seat.cells, PENDING, GONE, WRONG) for seat in behind)
        clear = self.at + timedelta(seconds=rest)
        where = servers_phrase(behind, self.resolvers, "resolver")
        headline = f"DKIM: published, not seen yet by {where}; all clear at {clear:%H:%M}Z"
        finding = Finding(
            f"The records are right at the name servers, and {where} still hold what was there before.",
            "All resolvers see the records.",
            f"Wait: the last of these memories ends in {span(rest)}, if nothing else changes.",
        )
        return self._observation(
            Verdict.WARN, headline, finding, kind="propagation", all_clear_at=clear.isoformat()
        )

    def _weak(self, judges: list[Seat]) -> Observation | None:
        weak = next((cell for seat in judges for cell in seat.cells if cell.state == WEAK), None)
        if weak is None:
            return None
        finding = Finding(
            f"{weak.record} {weak.why}.",
            "A 2048-bit key without test flags.",
            "Publish a new key under a new selector and point SES at it.",
        )
        return self._observation(Verdict.WARN, f"DKIM: {weak.record} {weak.why}", finding)

    def _fine(self) -> Observation:
        silent = [seat.name for seat in self.seats if not seat.heard]
        aside = f"; silent: {', '.join(silent[:3])}" if silent else ""
        published = f"DKIM: {counted(len(self.expectation.records), self.expectation.noun)} published"
        if not self.auth:
            return self._observation(
                Verdict.INFO,
                f"{published} by {counted(len(self.resolvers), 'resolver')}; the name servers are silent from here",
            )
        where = f"at {counted(len(self.auth), 'name server')}, seen by {counted(len(self.resolvers), 'resolver')}"
        return self._observation(Verdict.OK, f"{published} {where}{aside}")

    def _observation(
        self,
        verdict: Verdict,
        headline: str,
        finding: Finding | None = None,
        *,
        kind: str = "dkim-missing",
        **more: Any,
    ) -> Observation:
        agreeing = sum(seat.heard and all(cell.state in (GOOD, WEAK) for cell in seat.cells) for seat in self.seats)
        evidence = {
            "kind": kind,
            "origin": self.expectation.origin,
            "expected": [{"name": each.name, "target": each.target} for each in self.expectation.records],
            "asked": len(self.seats),
            "agreeing": agreeing,
            **more,
        }
        return Observation(
            self.expectation.domain,
            CHECK,
            DECISION,
            verdict,
            headline,
            self.at,
            longest(self.seats),
            finding,
            evidence,
        )

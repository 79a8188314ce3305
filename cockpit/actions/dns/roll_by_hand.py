"""The two steps of a roll that are made where the zone is signed, by a person: printed, and watched for.

A private key is made by the server that signs and never travels by DNS: a dynamic update (RFC 2136) carries records
only. So the cockpit prints what to type there, and looks at every name server until the keys are what the step
wants. The two steps at the zone above are made as anywhere (`dns.ds`'s way).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.actions.cards import Access
from cockpit.actions.contract import Line, Outcome, Plan, PlanRefused, PlanStep, Request, State, Verification
from cockpit.actions.dns.reach import reach
from cockpit.actions.dns.record_remedy import BY_HAND_S
from cockpit.actions.dns.roll_stage import STEPS, Roll, SigningKey, Stage
from cockpit.actions.dns.signing_state import Key, keys_of
from cockpit.actions.risk import risk_of
from cockpit.errors import WorldError

PLAN_LASTS = timedelta(minutes=15)
BY_HAND = "by hand"
"""What stands for the material of a key that the cockpit did not make."""

_OPERATION = "change by hand"
_SIGNING = "entry keys that sign"
_ALGORITHMS = {8: "rsasha256", 13: "ecdsap256sha256", 14: "ecdsap384sha384", 15: "ed25519"}
"""Names of algorithms (IANA, RFC 8624) as BIND and Knot DNS take them."""

_POWERDNS = {8: "rsasha256", 13: "ecdsa256", 14: "ecdsa384", 15: "ed25519"}


def keys_shown(domain: str, keys: Sequence[Key], new: str, now: datetime) -> tuple[SigningKey, ...]:
    """The entry keys that the name servers show, the one with the tag `new` as the younger; raises PlanRefused."""
    entry = [key for key in keys if key.entry_point]
    tags = [str(key.tag) for key in entry]
    if len(entry) > 1 and new not in tags:
        raise PlanRefused(
            "WHICH_KEY",
            f"{domain} shows the entry keys {', '.join(tags)}: say which is the new one with new=TAG.",
        )
    if tags == [new]:
        raise PlanRefused("NOTHING_TO_DO", f"{domain} is signed with key {new} alone.")
    at = {True: now, False: now - timedelta(seconds=1)}
    return tuple(
        SigningKey(str(key.tag), key.tag, key.signs, BY_HAND, key.ds(domain), *[at[str(key.tag) == new]] * 2)
        for key in entry
    )


class KeysByHand:
    """Have a key made and used, or let go, by a person at the server that signs."""

    def __init__(self, request: Request, access: Access, roll: Roll | None = None) -> None:
        self._request = request
        self._access = access
        self._domain = request.target
        self._roll = roll

    def plan(self, now: datetime) -> Plan:
        """What a person has to do, and what will be seen when it is done."""
        roll = self._roll
        if roll is None:
            raise PlanRefused("NOTHING_TO_DO", "There is nothing to roll.")
        diff: tuple[Line, ...]
        if roll.stage is Stage.USE_NEW:
            does = f"have a new key made, and used beside {roll.old.tag}"
            diff = (
                Line(" ", f"key {roll.old.tag}", "goes on signing"),
                Line("+", "new key", "an entry key that signs, seen at every name server", "let go again, by hand"),
            )
            waits = "the DS may name it when the caches have forgotten the keys without it: that is step 2"
            counts, gone, stay = (1, 2), [], [roll.old.tag]
        else:
            new = roll.new.tag if roll.new is not None else 0
            does = f"let key {roll.old.tag} go"
            diff = (Line("-", f"key {roll.old.tag}", "signs", "used again, by hand, while it is not deleted"),)
            waits = "no cache can hold a DS that names it, so nobody misses it"
            counts, gone, stay = (2, 1), [roll.old.tag], [new]
        title = f"roll the keys of {self._domain}, step {roll.stage} of {STEPS}: {does}"
        printed = commands(self._domain, roll)
        told = ("the cockpit cannot make a key at the server that signs: type there one of", *printed, waits)
        return self._written(now, title, diff, counts, told, {"gone": gone, "stay": stay, "printed": list(printed)})

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """The same the other way round, by hand again; raises PlanRefused when the keys changed since."""
        if self.read(done) != done.desired:
            raise PlanRefused("CHANGED_SINCE", f"The keys of {self._domain} were changed after that run.")
        shown = [key.tag for key in self._entry_keys()]
        stay = [tag for tag in done.subject["stay"] if tag in shown]
        gone = [tag for tag in shown if tag not in stay] if not done.subject["gone"] else []
        diff = tuple(Line({"-": "+", "+": "-"}.get(line.sign, " "), line.label, line.text) for line in done.diff)
        title = f"take back: {done.title.partition(': ')[2]}"
        counts = done.desired[_SIGNING], done.before[_SIGNING]
        stay = sorted({*stay, *done.subject["gone"]})
        told = ("at the server that signs: undo there what was typed for the step",)
        return self._written(now, title, diff, counts, told, {"gone": gone, "stay": stay, "printed": []})

    def _written(
        self,
        now: datetime,
        title: str,
        diff: tuple[Line, ...],
        counts: tuple[int, int],
        proof: tuple[str, ...],
        subject: dict[str, Any],
    ) -> Plan:
        before, after = ({_SIGNING: count} for count in counts)
        request, risk = {"type there": subject["printed"]}, risk_of(self._request)
        return Plan(
            remedy=self._request.remedy,
            title=title,
            target=self._domain,
            account=BY_HAND,
            region="DNS",
            caller="a person at the server that signs",
            before=before,
            desired=after,
            diff=diff,
            reach=reach([self._domain], self._request.scope),
            undo="by hand, as long as the key that goes is not deleted at the server that signs",
            proof=proof,
            checks=("every name server: which keys there are, and that each signs",),
            risk=risk.level,
            steps=(PlanStep(_OPERATION, title, before, after, request),),
            way_back=(PlanStep(_OPERATION, f"take back: {title}", after, before, request),),
            rolls_back=False,
            phrase=self._domain,
            subject={**subject, **risk.subject, "by_hand": True},
            made_at=now,
            expires_at=now + PLAN_LASTS,
            verify_s=BY_HAND_S,
        )

    def identify(self) -> None:
        """Raise ReadOnly when nothing may be changed from here."""
        self._access.clients.require_changes()

    def read(self, plan: Plan) -> State:
        """How many entry keys sign at every name server; raises WorldError while they differ."""
        return {_SIGNING: sum(key.signs for key in self._entry_keys())}

    def send(self, plan: Plan, step: PlanStep) -> str:
        """Hand it over; nothing leaves."""
        self.identify()
        return "handed to a person: type it at the server that signs; the name servers are being watched"

    def verify(self, plan: Plan) -> Verification:
        """Ask every name server which entry keys there are, and whether each signs."""
        shown = self._entry_keys()
        signing = {key.tag for key in shown if key.signs}
        gone = set(plan.subject["gone"]) & {key.tag for key in shown}
        facts = {"zone": self._domain, "keys": sorted(signing)}
        tags = ", ".join(map(str, sorted(signing)))
        if len(signing) == plan.desired[_SIGNING] and set(plan.subject["stay"]) <= signing and not gone:
            return Verification(Outcome.DONE, f"Every name server shows the keys {tags}, and each signs.", facts)
        return Verification(Outcome.WAITING, f"The name servers show the keys {tags or 'none'} yet.", facts)

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """Which keys sign now."""
        return {
            "statusCode": 200,
            "message": f"Done: {plan.title}",
            **verification.seen,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _entry_keys(self) -> list[Key]:
        try:
            keys = keys_of(self._access.profile, self._domain, self._access.clock.now())
        except PlanRefused as differing:
            raise WorldError(str(differing)) from None
        return [key for key in keys if key.entry_point]


def commands(domain: str, roll: Roll) -> tuple[str, ...]:
    """What is typed at the server that signs, for the servers that let a person say it."""
    algorithm = int(roll.old.ds.split()[1])
    if roll.stage is Stage.USE_NEW:
        return (
            f"BIND: dnssec-keygen -K KEYS -f KSK -a {_ALGORITHMS.get(algorithm, algorithm)} {domain};"
            f" rndc loadkeys {domain}",
            f"Knot DNS: keymgr {domain} generate ksk=yes algorithm={algorithm}; knotc zone-sign {domain}",
            f"PowerDNS: pdnsutil add-zone-key {domain} ksk active published {_POWERDNS.get(algorithm, algorithm)}",
        )
    tag = roll.old.tag
    return (
        f"BIND: dnssec-settime -I now -D now KEYS/K{domain}.+{algorithm:03}+{tag:05}; rndc loadkeys {domain}",
        f"Knot DNS: keymgr {domain} delete {tag}; knotc zone-sign {domain}",
        f"PowerDNS: pdnsutil list-keys {domain}; pdnsutil deactivate-zone-key {domain} ID",
    )

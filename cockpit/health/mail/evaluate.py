"""check_host() of RFC 7208: whether a host may send in the name of a domain, and the way to that answer."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from cockpit.errors import BadInput
from cockpit.health.mail.asking import Asker, Kind, Told
from cockpit.health.mail.macros import (
    UNVALIDATED,
    Message,
    expand,
    expand_domain,
    needs_validated_name,
)
from cockpit.health.mail.names import a_label, askable, within
from cockpit.health.mail.syntax import (
    LOOKUPS,
    Mechanism,
    SpfRecord,
    SpfSyntaxError,
    check_explanation,
    is_spf,
    parse,
)
from cockpit.text import visible

MAX_LOOKUPS = 10
MAX_VOIDS = 2
MAX_MX = 10
MAX_PTR = 10


class Result(StrEnum):
    """The seven results (RFC 7208 section 2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 -- a result, not a secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_BY_QUALIFIER = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


@dataclass(frozen=True, slots=True)
class Step:
    """One term that was looked at: in whose record, how deep, and what came of it."""

    depth: int
    domain: str
    term: str
    said: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result with the way to it.

    `term` is the mechanism that decided, `reason` says why in words, `explanation` is the domain's own text for a
    fail. `lookups` and `voids` are what counts towards the limits of ten and two (section 4.6.4).
    """

    result: Result
    domain: str
    reason: str
    term: str = ""
    explanation: str = ""
    lookups: int = 0
    voids: int = 0
    steps: tuple[Step, ...] = ()


class _TempError(Exception):
    """DNS did not answer; nobody knows."""


class _PermError(Exception):
    """The records cannot be understood as they stand."""


async def check_host(
    asker: Asker,
    ip: str,
    sender: str,
    helo: str = "",
    *,
    receiver: str = "unknown",
    at: datetime | None = None,
) -> Outcome:
    """Evaluate SPF for a connection from `ip` with MAIL FROM `sender` (empty for a bounce) and HELO name `helo`.

    `sender` may be a bare domain. `at` fills `%{t}`. Raises BadInput for an address that is none.
    """
    message = _message(ip, sender, helo, receiver, at)
    evaluation = _Evaluation(asker, message)
    try:
        verdict = await evaluation.domain(message.domain, 0, own=True)
        result, term, reason = verdict.result, verdict.term, verdict.reason
    except _TempError as error:
        result, term, reason = Result.TEMPERROR, evaluation.at_term, str(error)
    except (_PermError, SpfSyntaxError) as error:
        result, term, reason = Result.PERMERROR, evaluation.at_term, str(error)
    explanation = await evaluation.explain() if result is Result.FAIL else ""
    return Outcome(
        result,
        message.domain,
        reason,
        term,
        explanation,
        evaluation.lookups,
        evaluation.voids,
        tuple(evaluation.steps),
    )


def _message(ip: str, sender: str, helo: str, receiver: str, at: datetime | None) -> Message:
    try:
        address: IPv4Address | IPv6Address = ip_address(ip.strip())
    except ValueError:
        raise BadInput(f"{visible(ip, limit=60)!r} is not an IP address; write one such as 192.0.2.1.") from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    host = _plain(helo)
    local, _, domain = sender.rpartition("@")
    moment = at or datetime.now(UTC)
    return Message(address, local or "postmaster", _plain(domain) or host, host, receiver, int(moment.timestamp()))


def _plain(name: str) -> str:
    """A name for asking; what cannot be converted stays as it is and leads to "none"."""
    if name.isascii():
        return name.strip().removesuffix(".")
    try:
        return a_label(name)
    except BadInput:
        return name


def _why_none(domain: str) -> str:
    """Why there is no SPF record to evaluate (section 4.3)."""
    if not domain:
        return "neither MAIL FROM nor HELO names a domain"
    if not _may_have_one(domain):
        return f"{visible(domain)} is no domain name that could have an SPF record"
    return f"{visible(domain)} has no SPF record"


def _may_have_one(domain: str) -> bool:
    return askable(domain) and "." in domain.strip(".")


@dataclass(frozen=True, slots=True)
class _Verdict:
    result: Result
    term: str = ""
    reason: str = ""


@dataclass(slots=True)
class _Evaluation:
    """One check_host() under way, with what is counted over all of its parts."""

    asker: Asker
    message: Message
    lookups: int = 0
    voids: int = 0
    at_term: str = ""
    steps: list[Step] = field(default_factory=list)
    _explained_by: tuple[str, str] = ("", "")
    _free: bool = False
    _names: list[str] | None = None

    async def domain(self, domain: str, depth: int, *, own: bool) -> _Verdict:
        """Evaluate the record of `domain`; `own` when its explanation would be the sender's own (section 6.2)."""
        record = await self._record(domain, depth)
        if record is None:
            return _Verdict(Result.NONE, reason=_why_none(domain))
        for mechanism in record.mechanisms:
            self.at_term = mechanism.text
            if mechanism.name in LOOKUPS:
                self._count(mechanism.text)
            matched = await self._matches(mechanism, domain, depth)
            self._step(depth, domain, mechanism.text, "matches" if matched else "does not match")
            if matched:
                result = _BY_QUALIFIER[mechanism.qualifier]
                if result is Result.FAIL and own:
                    self._explained_by = (record.explanation, domain)
                reason = f"{mechanism.text} in the record of {visible(domain)} matches"
                return _Verdict(result, mechanism.text, reason)
        if record.redirect:
            return await self._redirect(record, domain, depth, own=own)
        return _Verdict(Result.NEUTRAL, reason=f"nothing in the record of {visible(domain)} matches, and no all")

    async def explain(self) -> str:
        """The domain's explanation of a fail; empty when there is none or it cannot be used (section 6.2)."""
        spec, domain = self._explained_by
        if not spec:
            return ""
        self._free = True
        name = await self._expanded(spec, domain)
        told = await self._ask(name, "TXT") if askable(name) else None
        if told is None or told.kind is not Kind.ANSWER or len(told.values) != 1 or not told.values[0].isascii():
            return ""
        text = told.values[0]
        try:
            check_explanation(text)
        except SpfSyntaxError:
            return ""
        return visible(expand(text, await self._letters(text, domain)), limit=500)

    async def _record(self, domain: str, depth: int) -> SpfRecord | None:
        """The one SPF record of a domain (sections 4.3 to 4.6)."""
        if not _may_have_one(domain):
            return None
        told = await self._ask(domain, "TXT")
        if told.kind is Kind.FAILED:
            raise _TempError(f"the TXT records of {visible(domain)} could not be looked up: {told.reason}")
        if depth:
            self._void(told)
        texts = [value for value in told.values if is_spf(value)]
        if len(texts) > 1:
            raise _PermError(f"{visible(domain)} has {len(texts)} SPF records; one is allowed")
        if not texts:
            return None
        self._step(depth, domain, texts[0], "record")
        try:
            return parse(texts[0])
        except SpfSyntaxError as error:
            self.at_term = error.term
            raise

    async def _redirect(self, record: SpfRecord, domain: str, depth: int, *, own: bool) -> _Verdict:
        term = self.at_term = f"redirect={record.redirect}"
        self._count(term)
        target = await self._expanded(record.redirect, domain)
        self._step(depth, domain, term, f"goes on at {visible(target)}")
        verdict = await self.domain(target, depth + 1, own=own)
        if verdict.result is Result.NONE:
            raise _PermError(f"{term} leads to {visible(target)}, which has no SPF record")
        return verdict

    async def _matches(self, mechanism: Mechanism, domain: str, depth: int) -> bool:
        match mechanism.name:
            case "all":
                return True
            case "ip4" | "ip6":
                return mechanism.network is not None and self.message.ip in mechanism.network
        target = await self._expanded(mechanism.domain, domain) if mechanism.domain else domain
        match mechanism.name:
            case "include":
                return await self._includes(mechanism, target, depth)
            case "a":
                return await self._has_address(target, mechanism)
            case "mx":
                return await self._has_exchange(target, mechanism)
            case "exists":
                return bool(self._heard(await self._look(target, "A")))
            case _:
                return await self._has_pointer(target)

    async def _includes(self, mechanism: Mechanism, target: str, depth: int) -> bool:
        """A pass of the other record matches; its errors are ours (section 5.2)."""
        verdict = await self.domain(target, depth + 1, own=False)
        self.at_term = mechanism.text
        if verdict.result is Result.NONE:
            raise _PermError(f"{mechanism.text} leads to {visible(target)}, which has no SPF record")
        return verdict.result is Result.PASS

    async def _has_address(self, name: str, mechanism: Mechanism) -> bool:
        values = self._heard(await self._look(name, self.message.family))
        return any(self._covers(value, mechanism) for value in values)

    async def _has_exchange(self, name: str, mechanism: Mechanism) -> bool:
        exchanges = sorted(_exchange(value) for value in self._heard(await self._look(name, "MX")))
        if len(exchanges) > MAX_MX:
            raise _PermError(f"{mechanism.text} leads to {len(exchanges)} mail exchangers; {MAX_MX} are allowed")
        for _, host in exchanges:
            if host and await self._has_address(host, mechanism):
                return True
        return False

    async def _has_pointer(self, target: str) -> bool:
        return any(within(name, target) for name in await self._validated_names())

    async def _validated_names(self) -> list[str]:
        """The names of the client's address that lead back to it (section 5.5); DNS trouble makes them fewer."""
        pointers = await self._look(self.message.reverse_name, "PTR")
        names = [] if pointers is None else [value.removesuffix(".") for value in pointers.values[:MAX_PTR]]
        validated = []
        for name in names:
            told = await self._look(name, self.message.family)
            if told is not None and any(_same_address(value, self.message) for value in told.values):
                validated.append(name)
        return validated

    async def _look(self, name: str, rtype: str) -> Told | None:
        """Ask on behalf of a term; None for a name that cannot exist (section 4.8)."""
        if not askable(name):
            return None
        told = await self._ask(name, rtype)
        self._void(told)
        return told

    def _heard(self, told: Told | None) -> tuple[str, ...]:
        """The values that were told; raises _TempError when DNS did not answer."""
        if told is None:
            return ()
        if told.kind is Kind.FAILED:
            raise _TempError(f"{visible(told.name)} {told.rtype} could not be looked up: {told.reason}")
        return told.values

    async def _ask(self, name: str, rtype: str) -> Told:
        return await self.asker.ask(name, rtype)

    def _covers(self, value: str, mechanism: Mechanism) -> bool:
        try:
            address = ip_address(value)
        except ValueError:
            return False
        network: IPv4Network | IPv6Network
        if isinstance(address, IPv4Address):
            network = IPv4Network((address, mechanism.prefix4), strict=False)
        else:
            network = IPv6Network((address, mechanism.prefix6), strict=False)
        return self.message.ip in network

    async def _expanded(self, spec: str, domain: str) -> str:
        return expand_domain(spec, await self._letters(spec, domain))

    async def _letters(self, text: str, domain: str) -> dict[str, str]:
        validated = UNVALIDATED
        if needs_validated_name(text):
            if self._names is None:
                self._names = await self._validated_names()
            exact = [name for name in self._names if name.lower() == domain.lower()]
            below = [name for name in self._names if within(name, domain)]
            validated = next(iter([*exact, *below, *self._names]), UNVALIDATED)
        return dict(self.message.letters(domain, validated))

    def _count(self, term: str) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _PermError(f"{term} would be lookup {self.lookups}; {MAX_LOOKUPS} are allowed")

    def _void(self, told: Told) -> None:
        if self._free or not told.void:
            return
        self.voids += 1
        if self.voids > MAX_VOIDS:
            raise _PermError(
                f"{visible(told.name)} {told.rtype} is void lookup {self.voids}; {MAX_VOIDS} are allowed"
            )

    def _step(self, depth: int, domain: str, term: str, said: str) -> None:
        self.steps.append(Step(depth, visible(domain), visible(term), said))


def _exchange(value: str) -> tuple[int, str]:
    """Preference and host of an MX in presentation format; what cannot be read sorts last and leads nowhere."""
    preference, _, host = value.partition(" ")
    return (int(preference), host.removesuffix(".")) if preference.isdigit() else (65_536, "")


def _same_address(value: str, message: Message) -> bool:
    try:
        return ip_address(value) == message.ip
    except ValueError:
        return False

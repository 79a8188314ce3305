"""The static view of an SPF record: everything that evaluating it may cost, without a message to evaluate.

Macros cannot be judged so: what they become depends on the message. Addresses are asked for as an IPv4 client
makes receivers ask.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cockpit.health.mail.asking import Asker, Kind, Told
from cockpit.health.mail.evaluate import MAX_MX
from cockpit.health.mail.macros import has_macros
from cockpit.health.mail.names import askable
from cockpit.health.mail.syntax import LOOKUPS, Mechanism, SpfRecord, SpfSyntaxError, is_spf, parse

MAX_TERMS = 60
"""Terms with lookups after which no more are followed: six times what is allowed."""


@dataclass(slots=True)
class Term:
    """One term that costs lookups, with all that lies below it."""

    text: str
    lookups: int = 0
    voids: int = 0
    judged: bool = True
    trouble: str = ""
    below: "Branch | None" = None

    def plain(self) -> dict[str, object]:
        """As plain JSON."""
        return {
            "term": self.text,
            "lookups": self.lookups,
            "voids": self.voids,
            "judged": self.judged,
            "trouble": self.trouble,
            "record": None if self.below is None else self.below.plain(),
        }


@dataclass(slots=True)
class Branch:
    """The record of one domain. `trouble` says why there is none that can be used; `unseen` why it was not seen."""

    domain: str
    told: Told | None = None
    text: str = ""
    record: SpfRecord | None = None
    trouble: str = ""
    unseen: str = ""
    others: tuple[str, ...] = ()
    terms: list[Term] = field(default_factory=list)

    @property
    def lookups(self) -> int:
        """Lookups in the worst case: when no term matches before the last."""
        return sum(term.lookups for term in self.terms)

    @property
    def voids(self) -> int:
        """Void lookups in the worst case."""
        return sum(term.voids for term in self.terms)

    def plain(self) -> dict[str, object]:
        """As plain JSON."""
        return {
            "domain": self.domain,
            "text": self.text[:600],
            "trouble": self.trouble or self.unseen,
            "terms": [term.plain() for term in self.terms],
        }

    def everything(self) -> Iterator["Branch"]:
        """This branch and all below it."""
        yield self
        for term in self.terms:
            if term.below is not None:
                yield from term.below.everything()

    def all_terms(self) -> Iterator[tuple["Branch", Term]]:
        """Every term with the branch that holds it."""
        for branch in self.everything():
            for term in branch.terms:
                yield branch, term


async def inspect(asker: Asker, domain: str) -> Branch:
    """Read the record of `domain` and everything it refers to."""
    return await _Inspection(asker).branch(domain, ())


@dataclass(slots=True)
class _Inspection:
    asker: Asker
    followed: int = 0

    async def branch(self, domain: str, above: tuple[str, ...]) -> Branch:
        told = await self.asker.ask(domain, "TXT")
        texts = tuple(value for value in told.values if is_spf(value))
        branch = Branch(domain, told, texts[0] if texts else "", others=texts[1:])
        if told.kind is Kind.FAILED:
            branch.unseen = f"the TXT records of {domain} cannot be looked up: {told.reason}"
        elif not texts:
            branch.trouble = f"{domain} has no SPF record"
        elif len(texts) > 1:
            branch.trouble = f"{domain} has {len(texts)} SPF records"
        else:
            await self._read(branch, above)
        return branch

    async def _read(self, branch: Branch, above: tuple[str, ...]) -> None:
        try:
            record = branch.record = parse(branch.text)
        except SpfSyntaxError as error:
            branch.trouble = f"{error.term} {error.reason}"
            return
        trail = (*above, branch.domain.lower())
        for mechanism in record.reachable:
            if mechanism.name in LOOKUPS:
                branch.terms.append(await self._term(mechanism, branch.domain, trail))
        if record.redirect and record.all is None:
            branch.terms.append(await self._refers(f"redirect={record.redirect}", record.redirect, trail))

    async def _term(self, mechanism: Mechanism, domain: str, trail: tuple[str, ...]) -> Term:
        if mechanism.name == "include":
            return await self._refers(mechanism.text, mechanism.domain, trail)
        term = Term(mechanism.text, lookups=1)
        if mechanism.name == "ptr":
            return term
        name = (mechanism.domain or domain).removesuffix(".")
        if has_macros(name):
            term.judged = False
        elif mechanism.name == "mx":
            await self._exchangers(term, name)
        else:
            self._void(term, await self._ask(name, "A"))
        return term

    async def _exchangers(self, term: Term, name: str) -> None:
        told = await self._ask(name, "MX")
        self._void(term, told)
        hosts = [value.partition(" ")[2].removesuffix(".") for value in told.values] if told is not None else []
        if len(hosts) > MAX_MX:
            term.trouble = f"{name} has {len(hosts)} mail exchangers; {MAX_MX} are allowed"
            return
        for host in hosts:
            self._void(term, await self._ask(host, "A"))

    async def _refers(self, text: str, spec: str, trail: tuple[str, ...]) -> Term:
        term = Term(text, lookups=1)
        self.followed += 1
        target = spec.removesuffix(".")
        if has_macros(target):
            term.judged = False
        elif target.lower() in trail:
            term.trouble = f"{target} is included in itself"
        elif not askable(target):
            term.trouble = f"{target} is no name that can be looked up"
        elif self.followed <= MAX_TERMS:
            term.below = await self.branch(target, trail)
            term.lookups += term.below.lookups
            term.voids += term.below.voids + int(term.below.told is not None and term.below.told.void)
        return term

    async def _ask(self, name: str, rtype: str) -> Told | None:
        return await self.asker.ask(name, rtype) if askable(name) else None

    def _void(self, term: Term, told: Told | None) -> None:
        if told is not None and told.void:
            term.voids += 1
        elif told is not None and told.kind is Kind.FAILED and not term.trouble:
            term.judged = False

"""mail.mx: where the domain takes mail, and whether those hosts can be delivered to (RFC 5321 section 5.1)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cockpit.health.dkim_expected import RECORD_TTL_S
from cockpit.health.mail.asking import Asker, Kind, Told
from cockpit.health.mail.names import askable
from cockpit.health.mail.notes import Note, decide, note, unknown
from cockpit.health.mail.text_record import mixed_ttls
from cockpit.health.model import Observation, Verdict

CHECK = "mail.mx"
LABEL = "MX"


@dataclass(frozen=True, slots=True)
class Exchanger:
    """One MX record with what its host has; `host` is empty for the null MX `.` (RFC 7505)."""

    preference: int
    host: str
    four: Told | None = None
    six: Told | None = None

    @property
    def null(self) -> bool:
        """Whether this says that the domain takes no mail."""
        return self.host == ""

    @property
    def literal(self) -> bool:
        """Whether the "host" is an address, which an MX cannot name."""
        try:
            ip_address(self.host)
        except ValueError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Exchange:
    """The MX records of a domain."""

    domain: str
    told: Told
    exchangers: tuple[Exchanger, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that take mail, by preference; none for a domain that takes none."""
        return tuple(each.host for each in self.exchangers if not each.null)


async def read_exchange(asker: Asker, domain: str) -> Exchange:
    """Ask for the MX records and the addresses of their hosts."""
    told = await asker.ask(domain, "MX")
    exchangers = await asyncio.gather(*(_exchanger(asker, value) for value in told.values))
    return Exchange(domain, told, tuple(sorted(exchangers, key=lambda each: (each.preference, each.host))))


async def _exchanger(asker: Asker, value: str) -> Exchanger:
    preference, _, host = value.partition(" ")
    each = Exchanger(int(preference) if preference.isdigit() else 0, host.strip().removesuffix(".").lower())
    if each.null or each.literal or not askable(each.host):
        return each
    four, six = await asyncio.gather(asker.ask(each.host, "A"), asker.ask(each.host, "AAAA"))
    return Exchanger(each.preference, each.host, four, six)


def judge_mx(exchange: Exchange, at: datetime, *, took: timedelta = timedelta()) -> Observation:
    """The decision over the MX records of a domain."""
    told = exchange.told
    evidence = {"kind": "mx", "hosts": list(exchange.hosts), "records": list(told.values)}
    if told.kind is Kind.FAILED:
        notes = [unknown(f"the MX records of {exchange.domain} cannot be looked up: {told.reason}")]
        return decide(exchange.domain, CHECK, LABEL, notes, "", at, took=took, evidence=evidence)
    if not exchange.exchangers:
        said = "no MX record; this domain takes no mail, or takes it at its own address"
        return decide(
            exchange.domain, CHECK, LABEL, [], said, at, took=took, evidence=evidence, otherwise=Verdict.NA
        )
    if len(exchange.exchangers) == 1 and exchange.exchangers[0].null:
        fine = "the null MX says that this domain takes no mail"
        return decide(exchange.domain, CHECK, LABEL, [], fine, at, took=took, evidence=evidence)
    notes = [*_null_in_company(exchange), *mixed_ttls(told)]
    for each in exchange.exchangers:
        notes.extend(_of_host(exchange.domain, each))
    fine = ", ".join(exchange.hosts[:3])
    return decide(exchange.domain, CHECK, LABEL, notes, fine, at, took=took, evidence=evidence)


def _null_in_company(exchange: Exchange) -> list[Note]:
    if not any(each.null for each in exchange.exchangers):
        return []
    return [
        note(
            Verdict.FAIL,
            "null-not-alone",
            "a null MX stands beside others, so nobody knows whether mail is taken",
            f"{exchange.domain} has the null MX `0 .` and {len(exchange.hosts)} more.",
            "Either the null MX alone, or only real hosts (RFC 7505 section 3).",
            "Delete the null MX if the domain takes mail, else the others.",
        )
    ]


def _of_host(domain: str, each: Exchanger) -> list[Note]:
    if each.null:
        return []
    if each.literal:
        return [
            note(
                Verdict.FAIL,
                "literal",
                f"names the address {each.host}; it must name a host",
                f"An MX of {domain} points to {each.host}, which DNS takes for a host name that does not exist.",
                "The name of a host that has this address.",
                "Give the address a name, and put the name into the MX record.",
                f"{domain}. {RECORD_TTL_S} IN MX {each.preference} mail.{domain}.\n"
                f"mail.{domain}. {RECORD_TTL_S} IN {'AAAA' if ':' in each.host else 'A'} {each.host}",
            )
        ]
    if each.four is None or each.six is None:
        return [_nowhere(domain, each, "is no name that can be looked up")]
    aliases = each.four.aliases or each.six.aliases
    if aliases:
        return [
            note(
                Verdict.FAIL,
                "alias",
                f"{each.host} is an alias (CNAME), which an MX must not name",
                f"The MX of {domain} names {each.host}, a CNAME for {aliases[-1]}.",
                "A host with addresses of its own (RFC 2181 section 10.3).",
                "Publish the record below in place of the one that names the alias.",
                f"{domain}. {RECORD_TTL_S} IN MX {each.preference} {aliases[-1].removesuffix('.')}.",
            )
        ]
    if each.four.values or each.six.values:
        return []
    if Kind.FAILED in (each.four.kind, each.six.kind):
        failed = each.four if each.four.kind is Kind.FAILED else each.six
        return [unknown(f"the addresses of {each.host} cannot be looked up: {failed.reason}")]
    absent = each.four.kind is Kind.NXDOMAIN
    return [_nowhere(domain, each, "does not exist" if absent else "has no address")]


def _nowhere(domain: str, each: Exchanger, why: str) -> Note:
    return note(
        Verdict.FAIL,
        "nowhere",
        f"{each.host} {why}",
        f"The MX of {domain} names {each.host}, which {why}.",
        "A host that exists and has an address.",
        f"Give {each.host} its address back, or delete this MX record.",
    )

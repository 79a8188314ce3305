"""DMARC discovery by the DNS tree walk (RFC 9989 section 4.10): which record applies, and who belongs together."""

from dataclasses import dataclass

from cockpit.health.mail.asking import Asker, Kind, Told
from cockpit.health.mail.dmarc_record import DmarcRecord, Policy, parse_dmarc
from cockpit.health.mail.names import askable, last_labels

MAX_QUERIES = 8
_JUMP_LABELS = 7


@dataclass(frozen=True, slots=True)
class Stop:
    """What stands at `_dmarc.` of one domain of the walk; several records are as good as none."""

    domain: str
    told: Told
    record: DmarcRecord | None = None
    several: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether nobody knows what is there."""
        return self.told.kind is Kind.FAILED


@dataclass(frozen=True, slots=True)
class Discovery:
    """What applies to mail from `author`.

    `organizational` is the domain that alignment compares; `source` the domain whose record applies, empty when no
    DMARC does; `policy` what it asks for (already lowered by t=y) and `tag` where that is said. `unseen` says why
    something on the way could not be looked up; then nothing certain follows.
    """

    author: str
    stops: tuple[Stop, ...]
    organizational: str
    source: str = ""
    record: DmarcRecord | None = None
    policy: Policy | None = None
    tag: str = ""
    exists: bool = True
    unseen: str = ""


def targets(domain: str) -> list[str]:
    """The domains of the walk, at most eight: the domain itself, then its parents from seven labels down."""
    labels = domain.split(".")
    first = min(len(labels) - 1, _JUMP_LABELS)
    return [domain, *(last_labels(domain, count) for count in range(first, 0, -1))]


async def walk(asker: Asker, domain: str) -> tuple[Stop, ...]:
    """Walk up from `domain` until a record says psd=n or psd=y, or there are no labels left.

    Where DNS does not answer the walk ends as well: what lies above would say nothing certain.
    """
    stops = []
    for target in targets(domain):
        name = f"_dmarc.{target}"
        if not askable(name):
            continue
        stop = _stop(target, await asker.ask(name, "TXT"))
        stops.append(stop)
        if stop.failed or (stop.record is not None and stop.record.psd in "ny"):
            break
    return tuple(stops)


def _stop(domain: str, told: Told) -> Stop:
    found = [(value, record) for value in told.values if (record := parse_dmarc(value)) is not None]
    if len(found) > 1:
        return Stop(domain, told, several=tuple(value for value, _ in found))
    return Stop(domain, told, found[0][1] if found else None)


def organizational_domain(start: str, stops: tuple[Stop, ...]) -> str:
    """The organizational domain of `start` by the records that its walk found (4.10.2)."""
    chosen = start
    for stop in stops:
        if stop.record is None:
            continue
        if stop.record.psd == "n":
            return stop.domain
        if stop.record.psd == "y" and stop.domain != start:
            return last_labels(start, stop.domain.count(".") + 2)
        chosen = stop.domain
    return chosen


async def organizational(asker: Asker, domain: str) -> tuple[str, str]:
    """The organizational domain of any domain, and why it is not certain (empty when it is)."""
    stops = await walk(asker, domain)
    return organizational_domain(domain, stops), _unseen(stops)


async def discover(asker: Asker, author: str) -> Discovery:
    """Find the record and the policy that apply to mail from `author` (4.10.1)."""
    stops = await walk(asker, author)
    belongs = organizational_domain(author, stops)
    unseen = _unseen(stops)
    by_domain = {stop.domain: stop.record for stop in stops if stop.record is not None}
    suffix = next((stop.domain for stop in stops if stop.record is not None and stop.record.psd == "y"), "")
    source = next((domain for domain in (author, belongs, suffix) if domain in by_domain), "")
    record = by_domain.get(source)
    if record is None:
        return Discovery(author, stops, belongs, unseen=unseen)
    below = source != author
    exists = True
    if below:
        told = await asker.ask(author, "A")
        exists = told.kind is not Kind.NXDOMAIN
    unseen = _unseen(stops[: [stop.domain for stop in stops].index(source)])
    if record.without_effect:
        return Discovery(author, stops, belongs, source, record, exists=exists, unseen=unseen)
    policy, tag = record.policy(below=below, exists=exists)
    return Discovery(author, stops, belongs, source, record, policy, tag, exists, unseen)


def _unseen(stops: tuple[Stop, ...]) -> str:
    failed = next((stop for stop in stops if stop.failed), None)
    return "" if failed is None else f"_dmarc.{failed.domain} cannot be looked up: {failed.told.reason}"

"""mail.dmarc: which DMARC record applies, what it asks for, and whether its reports arrive (RFC 9989, RFC 9990)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from cockpit.health.mail.asking import Asker, Kind, Told
from cockpit.health.mail.dmarc_record import DmarcRecord, Policy, is_dmarc
from cockpit.health.mail.dmarc_walk import Discovery, discover, organizational
from cockpit.health.mail.names import askable
from cockpit.health.mail.notes import Note, decide, note, unknown
from cockpit.health.mail.text_record import damaged, doubled, mixed_ttls, txt_record
from cockpit.health.model import Observation, Verdict

CHECK = "mail.dmarc"
LABEL = "DMARC"

_FOREIGN = ("v=spf1", "v=dkim1", "k=rsa", "spf2.0", "v=stsv1", "v=tlsrptv1")


async def look_dmarc(asker: Asker, domain: str, at: datetime, *, sends: bool = True) -> Observation:
    """Walk, verify where reports go, and judge. `sends`: the domain is known to send mail."""
    discovery = await discover(asker, domain)
    refused = await unauthorised(asker, discovery)
    twice = discovery.record is None and await doubled(asker, f"_dmarc.{domain}", domain)
    return judge_dmarc(discovery, at, refused=refused, doubled_name=twice, sends=sends)


async def unauthorised(asker: Asker, discovery: Discovery) -> list[str]:
    """Domains that are to get aggregate reports and do not say that they want them (RFC 9990 section 4)."""
    record = discovery.record
    if record is None:
        return []
    hosts = sorted({uri.domain for uri in (*record.rua, *record.ruf) if uri.domain})
    wanted = await asyncio.gather(*(_accepts(asker, discovery, host) for host in hosts))
    return [host for host, accepts in zip(hosts, wanted, strict=True) if not accepts]


async def _accepts(asker: Asker, discovery: Discovery, host: str) -> bool:
    if host == discovery.source or not askable(host):
        return True
    belongs, _ = await organizational(asker, host)
    if belongs == discovery.organizational:
        return True
    name = f"{discovery.source}._report._dmarc.{host}"
    if not askable(name):
        return False
    told = await asker.ask(name, "TXT")
    return told.kind is Kind.FAILED or any(is_dmarc(value) for value in told.values)


def judge_dmarc(
    discovery: Discovery,
    at: datetime,
    *,
    refused: Sequence[str] = (),
    doubled_name: bool = False,
    sends: bool = True,
    took: timedelta = timedelta(),
) -> Observation:
    """The decision over a discovery; `refused` are external report domains that do not accept reports."""
    author, record = discovery.author, discovery.record
    evidence = {
        "kind": "dmarc",
        "record": "" if record is None else record.text[:600],
        "source": discovery.source,
        "organizational": discovery.organizational,
        "policy": "" if discovery.policy is None else str(discovery.policy),
        "tag": discovery.tag,
        "adkim": record.adkim if record else "r",
        "aspf": record.aspf if record else "r",
        "walked": [stop.domain for stop in discovery.stops],
    }
    own = discovery.stops[0].told if discovery.stops else None
    notes = _own_name(discovery, own, doubled_name)
    if discovery.unseen:
        notes.append(unknown(discovery.unseen))
    if record is None and not notes and not sends:
        return decide(
            author, CHECK, LABEL, [], "no record, and no mail", at, took=took, evidence=evidence,
            otherwise=Verdict.NA,
        )  # fmt: skip
    if record is None and not any(each.verdict in (Verdict.FAIL, Verdict.UNKNOWN) for each in notes):
        notes.append(_none(author))
    elif record is not None:
        notes.extend(_of_record(discovery, record, refused))
    return decide(author, CHECK, LABEL, notes, _fine(discovery), at, took=took, evidence=evidence)


def _fine(discovery: Discovery) -> str:
    where = "" if discovery.source == discovery.author else f", from {discovery.source} ({discovery.tag}=)"
    return f"policy {discovery.policy}{where}"


def _none(author: str) -> Note:
    return note(
        Verdict.WARN,
        "absent",
        "no record: anybody may send in this name, and big receivers refuse bulk mail without DMARC",
        f"There is no DMARC record for {author}, nor above it.",
        "A DMARC record; p=none to begin with, with reports.",
        "Publish the record below, read the reports, then raise the policy.",
        txt_record(f"_dmarc.{author}", f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{author}"),
    )


def _own_name(discovery: Discovery, told: Told | None, doubled_name: bool) -> list[Note]:
    """What is wrong at the domain's own `_dmarc` name, whether or not a record applies from above."""
    author = discovery.author
    notes: list[Note] = []
    if told is None:
        return notes
    notes += [*damaged(told, "v=dmarc1", LABEL), *mixed_ttls(told)]
    if discovery.stops[0].several:
        notes.append(_several(author, discovery.stops[0].several))
    if not notes and discovery.stops[0].record is None:
        notes += [_near_miss(author, value) for value in told.values if _meant(value)]
        if told.values and not notes and all(value.lower().startswith(_FOREIGN) for value in told.values):
            notes.append(_wildcard(told))
    if doubled_name:
        notes.append(
            note(
                Verdict.FAIL,
                "doubled",
                f"published as _dmarc.{author}.{author}: the domain was added once more",
                f"The record is at _dmarc.{author}.{author}, where nobody looks.",
                f"The record at _dmarc.{author}.",
                "In the zone editor, enter only _dmarc as the name; it adds the domain itself.",
            )
        )
    return notes


def _several(author: str, texts: Sequence[str]) -> Note:
    return note(
        Verdict.FAIL,
        "several",
        f"{len(texts)} records at _dmarc.{author}: receivers discard them all",
        f"_dmarc.{author} has {len(texts)} DMARC records: {' | '.join(text[:120] for text in texts)}.",
        "One record (RFC 9989 section 4.10).",
        "Delete all but the one that you mean.",
        txt_record(f"_dmarc.{author}", texts[0]),
    )


def _meant(value: str) -> bool:
    """Whether a value was meant as DMARC, and is not."""
    return value.lower().replace(" ", "").startswith("v=dmarc")


def _near_miss(author: str, value: str) -> Note:
    rest = value.partition(";")[2].strip()
    return note(
        Verdict.FAIL,
        "version",
        f"the record at _dmarc.{author} does not begin with v=DMARC1; and is therefore none",
        f"_dmarc.{author} TXT is {value[:200]}.",
        "v=DMARC1; first, in capitals (RFC 9989 section 4.7).",
        "Publish the record below instead.",
        txt_record(f"_dmarc.{author}", f"v=DMARC1; {rest}".strip()),
    )


def _wildcard(told: Told) -> Note:
    return note(
        Verdict.WARN,
        "wildcard",
        f"a wildcard answers for {told.name} with something else",
        f"{told.name} TXT is {told.values[0][:120]}, which is no DMARC record; a wildcard record seems to answer.",
        "No wildcard TXT record over names that begin with an underscore (RFC 4592).",
        "Delete the wildcard TXT record, or publish a DMARC record, which then stands before it.",
    )


def _of_record(discovery: Discovery, record: DmarcRecord, refused: Sequence[str]) -> list[Note]:
    """What the record that applies has to say."""
    notes: list[Note] = []
    if record.without_effect:
        notes.append(_unsound(discovery, record, Verdict.FAIL, "no DMARC is applied at all"))
    elif record.treated_as_none:
        notes.append(_unsound(discovery, record, Verdict.WARN, "receivers act as if it said p=none"))
    elif record.testing:
        notes.append(_testing(discovery, record))
    elif discovery.policy is Policy.NONE:
        notes.append(Note(Verdict.INFO, "monitoring", "policy none: failing mail is reported and still delivered"))
    if record.obsolete or any(uri.sized for uri in (*record.rua, *record.ruf)):
        notes.append(_obsolete(discovery, record))
    if record.psd == "y" and discovery.source == discovery.author:
        notes.append(
            note(
                Verdict.WARN,
                "psd",
                "psd=y says that this is a public suffix, such as a registry has",
                f"The record at _dmarc.{discovery.source} has psd=y.",
                "psd=y only where others register domains below.",
                "Remove psd=y.",
                txt_record(f"_dmarc.{discovery.source}", _without(record.text, "psd")),
            )
        )
    notes += [_external(discovery, host) for host in refused]
    if record.flaws and not record.invalid:
        notes.append(
            note(
                Verdict.WARN,
                "flaws",
                record.flaws[0],
                f"The record at _dmarc.{discovery.source}: {'; '.join(record.flaws[:4])}. They have no effect.",
                "Only tags of RFC 9989, with values that exist.",
                "Correct or remove them.",
            )
        )
    if not record.rua and not record.without_effect:
        notes.append(
            Note(Verdict.INFO, "no-reports", f"policy {discovery.policy}, and nobody gets reports (no rua)")
        )
    return notes


def _unsound(discovery: Discovery, record: DmarcRecord, verdict: Verdict, effect: str) -> Note:
    why = "; ".join(record.flaws[:2]) if record.invalid else "it has no p="
    kept = _without(record.text, *record.invalid, "p")
    rest = kept.partition(";")[2].strip()
    return note(
        verdict,
        "no-policy",
        f"no sound policy in the record: {effect}",
        f"_dmarc.{discovery.source} TXT is {record.text[:200]}: {why}, so {effect}.",
        "p=none, p=quarantine or p=reject.",
        "Publish the record below, with the policy that you mean.",
        txt_record(f"_dmarc.{discovery.source}", f"v=DMARC1; p=none; {rest}".strip().removesuffix(";")),
    )


def _testing(discovery: Discovery, record: DmarcRecord) -> Note:
    return note(
        Verdict.WARN,
        "testing",
        f"t=y: only tested, receivers apply {discovery.policy}",
        f"The record at _dmarc.{discovery.source} has t=y: failing mail is treated one level milder, "
        f"as {discovery.policy}.",
        "No t=y once the reports show that all of your mail passes.",
        "Remove t=y when you are ready.",
        txt_record(f"_dmarc.{discovery.source}", _without(record.text, "t")),
    )


def _obsolete(discovery: Discovery, record: DmarcRecord) -> Note:
    sized = [uri.text for uri in (*record.rua, *record.ruf) if uri.sized]
    said = ", ".join([*record.obsolete, *sized])
    return note(
        Verdict.WARN,
        "obsolete",
        f"{said}: no longer part of DMARC, and old receivers still act on it",
        f"The record at _dmarc.{discovery.source} has {said}; RFC 9989 ignores that, receivers by RFC 7489 do not.",
        "A record that means the same to all receivers.",
        "Remove it; for a trial use t=y.",
        txt_record(f"_dmarc.{discovery.source}", _plainer(record)),
    )


def _plainer(record: DmarcRecord) -> str:
    text = _without(record.text, "pct", "rf", "ri")
    for uri in (*record.rua, *record.ruf):
        if uri.sized:
            text = text.replace(uri.text, uri.text.partition("!")[0])
    return text


def _without(text: str, *names: str) -> str:
    """A record without some of its tags."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    kept = [part for part in parts if part.partition("=")[0].strip().lower() not in names]
    return "; ".join(kept)


def _external(discovery: Discovery, host: str) -> Note:
    name = f"{discovery.source}._report._dmarc.{host}"
    return note(
        Verdict.WARN,
        "external",
        f"reports to {host} are not sent: {host} does not say that it wants them",
        f"{name} has no TXT record that begins with v=DMARC1.",
        f"The consent of {host} (RFC 9990).",
        f"Have the owner of {host} publish the record below, or send the reports elsewhere.",
        txt_record(name, "v=DMARC1;"),
    )

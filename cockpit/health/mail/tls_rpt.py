"""mail.tls_rpt: where reports about TLS trouble go (RFC 8460)."""

import re
from datetime import datetime, timedelta

from cockpit.health.mail.asking import Kind, Told
from cockpit.health.mail.notes import decide, note, unknown
from cockpit.health.mail.text_record import damaged, txt_record
from cockpit.health.model import Observation, Verdict

CHECK = "mail.tls_rpt"
LABEL = "TLS-RPT"

_URI = re.compile(r"(?:mailto:[^@\s,;!]+@[A-Za-z0-9.-]+|https://[^\s,;!]+)\Z")


def judge_tls_rpt(domain: str, told: Told, at: datetime, *, took: timedelta = timedelta()) -> Observation:
    """The decision over the record at `_smtp._tls.<domain>`."""
    evidence = {"kind": "tls-rpt", "records": [value[:300] for value in told.values]}
    if told.kind is Kind.FAILED:
        notes = [unknown(f"{told.name} cannot be looked up: {told.reason}")]
        return decide(domain, CHECK, LABEL, notes, "", at, took=took, evidence=evidence)
    texts = [value for value in told.values if re.match(r"v=TLSRPTv1[ \t]*(;|\Z)", value)]
    notes = damaged(told, "v=tlsrptv1", LABEL)
    if not texts and not notes:
        return decide(domain, CHECK, LABEL, [], "not used", at, took=took, evidence=evidence, otherwise=Verdict.NA)
    why = _flaw(texts) if texts else ""
    if why:
        notes.append(
            note(
                Verdict.WARN,
                "record",
                f"the record at {told.name} is not valid: {why}",
                f"{told.name} TXT is {' | '.join(text[:120] for text in texts)}: {why}. No reports are sent.",
                "One record with v=TLSRPTv1 and rua= with mailto: or https: addresses (RFC 8460 section 3).",
                "Publish the record below.",
                txt_record(f"_smtp._tls.{domain}", f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}"),
            )
        )
    return decide(domain, CHECK, LABEL, notes, "reports are asked for", at, took=took, evidence=evidence)


def _flaw(texts: list[str]) -> str:
    """What is wrong with the record; empty for nothing."""
    if len(texts) > 1:
        return f"there are {len(texts)} records, which count as none"
    tags = dict(part.strip().partition("=")[::2] for part in texts[0].split(";") if "=" in part)
    uris = [uri.strip() for uri in tags.get("rua", "").split(",") if uri.strip()]
    if not uris:
        return "it has no rua="
    wrong = next((uri for uri in uris if _URI.match(uri) is None), "")
    return f"{wrong[:80]!r} is neither a mailto: nor an https: address" if wrong else ""

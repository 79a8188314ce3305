"""ses.identity: what SES itself last saw of a domain: verification, DKIM signing, sending."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.health.failures import unknown
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

CHECK = "ses.identity"

_ERRORS = {
    "HOST_NOT_FOUND": "the name does not exist",
    "TYPE_NOT_FOUND": "the name exists without that record",
    "INVALID_VALUE": "the record has another value",
    "DNS_SERVER_ERROR": "the name servers answer with an error",
    "SERVICE_ERROR": "SES has a problem of its own",
}


def judge_identity(reading: Reading, zone_serial: int | None, at: datetime) -> list[Observation]:
    """The decision from one GetEmailIdentity; `zone_serial` is what the name servers have now, if known."""
    if reading.failure == "not-found":
        finding = Finding(
            f"{reading.target} is not an identity of this account and region.",
            "The domain is an identity of the account that sends its mail.",
            "Check account and region; if the identity was deleted, create it and publish its records.",
        )
        return [_observation(reading, Verdict.FAIL, "SES: no such identity in this account", at, finding)]
    if reading.failure is not None:
        return [unknown(reading, CHECK, at)]
    for rule in (_sending, _verification, _signing):
        decision = rule(reading, zone_serial, at)
        if decision is not None:
            return [decision]
    origin = "our own key" if reading.seen.get("origin") == "EXTERNAL" else "Easy DKIM"
    return [_observation(reading, Verdict.OK, f"SES: verified, DKIM {reading.seen['dkim_status']} ({origin})", at)]


def _sending(reading: Reading, _: int | None, at: datetime) -> Observation | None:
    if reading.seen.get("configuration_set_sending") is not False:
        return None
    name = reading.seen.get("configuration_set")
    finding = Finding(
        f"Sending is paused for the configuration set {name}, which this identity uses.",
        "Sending is on.",
        "Find out who paused it and why; then switch it on again for the configuration set.",
    )
    return _observation(reading, Verdict.FAIL, f"SES: configuration set {name} is paused", at, finding)


def _verification(reading: Reading, zone_serial: int | None, at: datetime) -> Observation | None:
    status = str(reading.seen.get("verification_status", ""))
    if status in ("SUCCESS", "") and reading.seen.get("verified_for_sending") is not False:
        return None
    verdict = Verdict.WARN if status in ("PENDING", "TEMPORARY_FAILURE") else Verdict.FAIL
    finding = Finding(
        f"The identity's verification is {status or 'lost'}{_last_seen(reading.seen, zone_serial)}.",
        "SUCCESS, which is what lets SES send for the domain.",
        "Publish the records of the check DKIM records; SES looks again by itself for 72 hours.",
    )
    return _observation(reading, verdict, f"SES: verification {status or 'lost'}", at, finding)


def _signing(reading: Reading, zone_serial: int | None, at: datetime) -> Observation | None:
    status, signs = str(reading.seen.get("dkim_status", "")), reading.seen.get("signing_enabled")
    if status == "SUCCESS" and signs:
        return None
    if status == "SUCCESS" or not signs:
        finding = Finding(
            "SES does not sign the mail of this domain: signing is switched off.",
            "Signing on, with published records.",
            "Switch DKIM signing on for the identity.",
        )
        return _observation(reading, Verdict.WARN, "SES: DKIM signing is off", at, finding)
    verdict, meaning = {
        "PENDING": (Verdict.WARN, "SES has not seen the records yet; until then mail may go out unsigned"),
        "TEMPORARY_FAILURE": (Verdict.WARN, "SES could not find the records when it last looked"),
        "FAILED": (Verdict.FAIL, "SES has given up looking for the records, and does not sign"),
        "NOT_STARTED": (Verdict.WARN, "DKIM was never set up"),
    }.get(status, (Verdict.WARN, "this state is not known here"))
    finding = Finding(
        f"DKIM is {status}: {meaning}{_last_seen(reading.seen, zone_serial)}.",
        "DKIM SUCCESS.",
        "Mend the records first (see the check DKIM records), then start DKIM set-up again so that SES looks anew."
        if status == "FAILED"
        else "Mend the records (see the check DKIM records); SES looks again by itself.",
    )
    return _observation(reading, verdict, f"SES: DKIM {status}", at, finding)


def _last_seen(seen: Mapping[str, Any], zone_serial: int | None) -> str:
    """What SES found when it last looked, and whether it has seen the zone as it is now."""
    error = str(seen.get("error_type") or "")
    parts = [f"; last error {error} ({_ERRORS.get(error, 'see the SES console')})"] if error else []
    serial = seen.get("soa_serial")
    if serial is not None and zone_serial is not None and int(serial) != zone_serial:
        parts.append(
            f"; SES saw serial {serial}, the zone has {zone_serial}: it has not seen the latest change yet"
        )
    return "".join(parts)


def _observation(
    reading: Reading, verdict: Verdict, headline: str, at: datetime, finding: Finding | None = None
) -> Observation:
    return Observation(
        reading.target,
        CHECK,
        DECISION,
        verdict,
        headline,
        at,
        reading.took,
        finding,
        {"kind": "domain-identity", **reading.seen},
    )

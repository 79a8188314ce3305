"""tls.revocation and tls.stapling: is a certificate revoked, and does the server prove that it is not.

A certificate that names no responder cannot be asked about: that is N/A, not a fault. A responder that is down says
nothing about the certificate: that is UNKNOWN.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.health.model import Finding, Observation, Reading, Verdict
from cockpit.health.tls.hosts import Judged, decide

REVOCATION = "tls.revocation"
STAPLING = "tls.stapling"

_WORDS = {
    "unknown": "the responder does not know it",
    "stale": "the last answer is out of date",
    "early": "the answer counts only from later on",
    "bad-signature": "the answer has a signature that is not valid",
    "untrusted": "the answer is signed by somebody who is no responder of the issuer",
    "other-certificate": "the answer is about another certificate",
    "malformed": "the answer cannot be read",
    "unreachable": "the responder cannot be reached",
    "try-later": "the responder says to try later",
    "internal-error": "the responder reports an error of its own",
    "unauthorized": "the responder may not answer about it",
    "malformed-request": "the responder does not understand the question",
    "signature-required": "the responder answers signed questions only",
    "not-verified": "nobody can tell who signed the answer, for the issuer is not known",
}


def judge_revocation(target: str, readings: Sequence[Reading], at: datetime) -> Observation:
    """The decision over all answers, stapled or asked for: revoked once is revoked."""
    return decide(target, REVOCATION, readings, at, _revocation)


def _revocation(reading: Reading, host: str) -> Judged:
    answers: list[Mapping[str, Any]] = list(reading.seen.get("revocation") or ())
    url = str(reading.seen.get("ocsp_url") or "")
    plain = {"ocsp_url": url, "answers": [dict(each) for each in answers]}
    revoked = next((each for each in answers if each["status"] == "revoked"), None)
    if revoked is not None:
        return _revoked(host, revoked, plain)
    good = next((each for each in answers if each["status"] == "good"), None)
    if good is not None:
        by = "as its responder says" if good["source"] == "responder" else "as the stapled answer says"
        return Judged(Verdict.OK, f"{host}: not revoked, {by}", None, plain)
    if not answers:
        said = "no responder is named in it" if not url else "its issuer is not known, so nobody can be asked"
        return Judged(Verdict.NA if not url else Verdict.UNKNOWN, f"{host}: {said}", None, plain)
    asked = answers[-1]
    words = _words(asked)
    if asked["status"] in ("unknown", "stale"):
        finding = Finding(
            f"Asked about the certificate of {host}, {words}.",
            "An answer of today that says good.",
            "Ask the authority; a certificate that was issued just now may take some minutes to be known.",
        )
        return Judged(Verdict.WARN, f"{host}: {words}", finding, plain)
    return Judged(Verdict.UNKNOWN, f"{host}: {words}", None, plain)


def _revoked(host: str, answer: Mapping[str, Any], plain: Mapping[str, Any]) -> Judged:
    since = f" since {str(answer['revoked_at'])[:16].replace('T', ' ')}Z" if answer.get("revoked_at") else ""
    reason = f", reason {answer['reason']}" if answer.get("reason") else ""
    finding = Finding(
        f"The certificate of {host} is revoked{since}{reason}.",
        "A certificate that is not revoked.",
        "Make a new key, have a certificate issued for it, install both, and find out why this one was revoked.",
    )
    said = f"{host}: certificate revoked{since}{reason}"
    return Judged(Verdict.FAIL, said, finding, plain, alert_kind="certificate-revoked")


def _words(answer: Mapping[str, Any]) -> str:
    words = _WORDS.get(str(answer["status"]), f"the responder answers {answer['status']}")
    return f"{words} ({answer['detail']})" if answer.get("detail") else words


def judge_stapling(target: str, readings: Sequence[Reading], at: datetime) -> Observation:
    """The decision on the OCSP answer that the server staples; must-staple makes its absence a failure."""
    return decide(target, STAPLING, readings, at, _stapling)


def _stapling(reading: Reading, host: str) -> Judged:
    wanted = bool(reading.seen.get("must_staple"))
    stapled = next((each for each in reading.seen.get("revocation") or () if each["source"] == "staple"), None)
    status = str(stapled["status"]) if stapled else ""
    plain = {
        "must_staple": wanted,
        "stapled": stapled is not None,
        "status": status,
        "next_update": stapled.get("next_update") if stapled else None,
    }
    if stapled is None:
        if wanted:
            return _unstapled(host, plain)
        if not reading.seen.get("ocsp_url"):
            return Judged(Verdict.NA, f"{host}: there is nothing to staple, no responder is named", None, plain)
        return Judged(Verdict.NA, f"{host}: staples no OCSP answer, and need not", None, plain)
    if status == "good":
        return Judged(Verdict.OK, f"{host}: staples an answer that says good", None, plain)
    words = "the answer says revoked" if status == "revoked" else _words(stapled)
    finding = Finding(
        f"{host} staples an OCSP answer, and {words}.",
        "A stapled answer of today that says good.",
        "Let the server fetch a new answer (restart it if it holds on to the old one), or switch stapling off.",
    )
    verdict = Verdict.WARN if status in ("unknown", "not-verified") else Verdict.FAIL
    return Judged(verdict, f"{host}: stapled, {words}", finding, plain, alert_kind=_kind(status))


def _kind(status: str) -> str:
    return "certificate-revoked" if status == "revoked" else ""


def _unstapled(host: str, plain: Mapping[str, Any]) -> Judged:
    finding = Finding(
        f"The certificate of {host} demands a stapled OCSP answer (RFC 7633), and the server staples none.",
        "Every handshake staples an answer.",
        "Switch stapling on at the server, or install a certificate without that demand; some clients refuse it.",
    )
    return Judged(Verdict.FAIL, f"{host}: must staple and does not", finding, plain)

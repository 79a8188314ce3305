"""tls.chain and tls.strength: is what is sent whole and in order, and are its keys and signatures strong enough."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cockpit.health.model import Finding, Observation, Reading, Verdict
from cockpit.health.tls.hosts import Judged, decide, reason_of

CHAIN = "tls.chain"
STRENGTH = "tls.strength"


def judge_chain(target: str, readings: Sequence[Reading], at: datetime) -> Observation:
    """The decision on what is presented beside the leaf; `chains` in the evidence is the picture."""
    return decide(target, CHAIN, readings, at, _chain, "chains")


def _chain(reading: Reading, host: str) -> Judged:
    drawn: list[Mapping[str, Any]] = list(reading.seen.get("picture") or ())
    plain = {"chain": [dict(each) for each in drawn]}
    used = [each for each in drawn if each["used"]]
    missing = next((each for each in used if each["missing"]), None)
    if missing is not None:
        return _missing(reading, host, used, missing, plain)
    if used[-1]["role"] != "root":
        said = f"leads to {used[-1]['subject']}, which is not trusted here"
        finding = Finding(
            f"The chain of {host} {said}.",
            "A chain that ends at a root that clients trust.",
            "Use a certificate of an authority that clients trust, or give clients this root.",
        )
        return Judged(Verdict.FAIL, f"{host}: {said}", finding, plain, quiet=bool(reason_of(reading)))
    found = _links(host, used, [each for each in drawn if not each["used"]], plain, quiet=bool(reason_of(reading)))
    names = ", ".join(str(name) for name in reading.seen.get("nameless") or ())
    if names and found.verdict is Verdict.OK:
        said = f"{found.headline}; clients that name no host are shown another certificate, for {names}"
        return replace(found, verdict=Verdict.INFO, headline=said)
    return found


def _missing(
    reading: Reading,
    host: str,
    used: Sequence[Mapping[str, Any]],
    missing: Mapping[str, Any],
    plain: Mapping[str, Any],
) -> Judged:
    below, name = used[used.index(missing) - 1]["subject"], missing["subject"]
    where = f" It can be had at {missing['fetch_at']}." if missing.get("fetch_at") else ""
    finding = Finding(
        f"{host} does not send {name}, which issued {below}. Browsers that fetch or remember it show nothing.",
        "The server sends every certificate between its own and the root.",
        f"Put the certificate of {name} into the file behind the server's own.{where}",
    )
    said = f"{host}: {name}, which issued {below}, is not sent"
    return Judged(Verdict.FAIL, said, finding, plain, quiet=bool(reason_of(reading)))


def _links(
    host: str,
    used: Sequence[Mapping[str, Any]],
    idle: Sequence[Mapping[str, Any]],
    plain: Mapping[str, Any],
    *,
    quiet: bool,
) -> Judged:
    """The chain is whole; does every link of it hold for long enough."""
    for each in used[1:]:
        trouble = str(each["trouble"])
        if trouble.startswith("ends"):
            finding = Finding(
                f"At {host} the intermediate {each['subject']} {trouble}.",
                "Every certificate of the chain outlives the server's own.",
                "Ask the authority for the newer intermediate, and send that one.",
            )
            return Judged(Verdict.WARN, f"{host}: {each['subject']} {trouble}", finding, plain)
        if trouble:
            finding = Finding(
                f"At {host} {each['subject']} {trouble}.",
                "Every certificate of the chain is valid now.",
                "Send the authority's present intermediate in its place.",
            )
            return Judged(Verdict.FAIL, f"{host}: {each['subject']} {trouble}", finding, plain, quiet=quiet)
    way = " < ".join(str(each["subject"]) for each in used[1:])
    aside = f"; {len(idle)} certificate{'' if len(idle) == 1 else 's'} more than needed" if idle else ""
    return Judged(Verdict.OK, f"{host}: complete, by {way}{aside}", None, plain)


def judge_strength(target: str, readings: Sequence[Reading], at: datetime) -> Observation:
    """The decision on keys and signatures of all but roots, whose own signature does not count."""
    return decide(target, STRENGTH, readings, at, _strength)


def _strength(reading: Reading, host: str) -> Judged:
    told = [
        {key: each.get(key, "") for key in ("subject", "key", "signature", "weak")}
        for each in reading.seen.get("picture") or ()
        if not each["missing"] and each["used"] and each["role"] != "root"
    ]
    plain = {"certificates": told}
    weak = next((each for each in told if each["weak"]), None)
    if weak is None:
        own = told[0]
        return Judged(Verdict.OK, f"{host}: {own['key']}, signed with {own['signature']}", None, plain)
    finding = Finding(
        f"At {host} the certificate {weak['subject']} {weak['weak']}.",
        "RSA of 2048 bits or more, or a curve of 256 bits or more, signed with SHA-256 or better.",
        "Make a new key, have a certificate issued for it, and install both.",
    )
    said = f"{host}: {weak['subject']} {weak['weak']}"
    return Judged(Verdict.FAIL, said, finding, plain, quiet=bool(reason_of(reading)))

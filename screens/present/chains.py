"""Chains of trust as pictures, from the root down: DNSSEC by zones, certificates by issuers, broken links named."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.clock import parse_time
from cockpit.desk.views import CheckView, DomainView, Freshness, VantageView
from cockpit.health.dnssec.reasons import BOGUS, INSECURE, SECURE, sentence
from cockpit.health.model import Verdict
from screens.present.issuance import issuance_lines
from screens.present.lines import EMPTY, Line, Span, Tone, cut, line, rule, spread, wrap
from screens.present.words import TONES, age, count, glyph, span_words

MOST_CHAINS = 3
"""Different certificate chains that are drawn; hosts with the same one share a picture."""

_ALGORITHMS = {5: "RSA/SHA-1", 7: "RSA/SHA-1", 8: "RSA/SHA-256", 10: "RSA/SHA-512", 13: "ECDSA P-256",
               14: "ECDSA P-384", 15: "Ed25519", 16: "Ed448"}  # fmt: skip
_DIGESTS = {1: "SHA-1", 2: "SHA-256", 4: "SHA-384"}
_LINK: Span = ("│ ", Tone.OK)
_ONCE: Span = ("│ ", Tone.MUTED)
_BROKEN: Span = ("╳ ", Tone.FAIL)
_OPEN: Span = ("┆ ", Tone.MUTED)
_MARKS = {SECURE: Verdict.OK, BOGUS: Verdict.FAIL, INSECURE: Verdict.INFO}


def chain_lines(view: DomainView, now: datetime, cells: int) -> list[Line]:
    """Both pictures; a domain that has neither says so."""
    checks = {check.check: check for check in view.checks}
    lines: list[Line] = []
    if "dns.dnssec" in checks:
        lines += dnssec_lines(checks["dns.dnssec"], now, cells)
    lines += certificate_lines(checks, now, cells)
    lines = lines[1:] if lines and lines[0] == EMPTY else lines
    return lines or wrap("No chain was followed yet: c asks the watch to look now.", cells, Tone.MUTED)


def dnssec_lines(check: CheckView, now: datetime, cells: int) -> list[Line]:
    """Zone under zone, with the DS that leads to its keys, and when the first signature ends."""
    links = _mappings(check.evidence.get("chain"))
    lines = [rule("DNSSEC", cells, _standing(str(check.evidence.get("status") or check.verdict), check, now))]
    if not links:
        return [*lines, *wrap(check.headline, cells, TONES[check.verdict])]
    for number, link in enumerate(links):
        if number:
            lines.append(_ds_line(link, check.freshness, cells))
        lines += _zone_lines(link, check.freshness, now, cells)
    lines += _server_lines(check, cells)
    return lines


def _standing(status: str, check: CheckView, now: datetime) -> str:
    """What the picture shows and how old it is; one that nobody renews any more says so instead."""
    if check.freshness is Freshness.SILENT:
        return f"no data since {age(check.at, now)} ago"
    return f"{status}, {age(check.at, now)} ago".removeprefix(", ")


def _zone_lines(link: Mapping[str, Any], freshness: Freshness, now: datetime, cells: int) -> list[Line]:
    status, zone = str(link.get("status")), str(link.get("zone") or ".")
    mark = glyph(_MARKS.get(status, Verdict.UNKNOWN), freshness)
    keys = " ".join(f"{key.get('tag')}{'*' if key.get('entry') else ''}" for key in _mappings(link.get("keys")))
    names = line(
        (zone if zone != "." else ". the root", Tone.STRONG), (f"  DNSKEY {keys}" if keys else "", Tone.MUTED)
    )
    lines = [spread(line(mark, " ", *names), line((_until(link, now), Tone.MUTED)), cells)]
    if status != SECURE:
        tone = TONES[_MARKS.get(status, Verdict.UNKNOWN)]
        lines += wrap(sentence(link) or status, cells, tone, indent=2, first=line("  "))
    return lines


def _ds_line(link: Mapping[str, Any], freshness: Freshness, cells: int) -> Line:
    """What the zone above says of the next one, and whether that leads on."""
    trusted = _mappings(link.get("ds"))
    status = str(link.get("status"))
    said = ", ".join(
        f"DS {ds.get('tag')} ({_ALGORITHMS.get(int(ds.get('algorithm') or 0), ds.get('algorithm'))}, "
        f"{_DIGESTS.get(int(ds.get('digest_type') or 0), ds.get('digest_type'))})"
        for ds in trusted
    )
    if status == BOGUS:
        return cut(line(_BROKEN, (said or "no DS", Tone.FAIL)), cells)
    if status not in (SECURE, INSECURE):
        return cut(line(_OPEN, (said or "whether there is a DS is not known", Tone.UNKNOWN)), cells)
    sound = _ONCE if freshness is Freshness.SILENT else _LINK
    return cut(
        line(sound if status == SECURE else _OPEN, (said or "no DS: not signed from here on", Tone.MUTED)), cells
    )


def _until(link: Mapping[str, Any], now: datetime) -> str:
    ends = link.get("expires_at")
    if not ends:
        return ""
    left = parse_time(str(ends)) - now
    return (
        f"RRSIG ends in {span_words(left)}" if left.total_seconds() > 0 else f"RRSIG ended {span_words(-left)} ago"
    )


def _server_lines(check: CheckView, cells: int) -> list[Line]:
    """What the zone's own servers answer, where it is not all well; else one line for all of them."""
    servers = [seen for seen in check.vantages if seen.verdict is not Verdict.NA and not _unheard(seen, check)]
    wrong = [seen for seen in servers if seen.verdict is not Verdict.OK]
    if servers and not wrong:
        return [
            cut(
                line(
                    "  ",
                    glyph(Verdict.OK, check.freshness),
                    (f" {count(len(servers), 'name server')} answered signed and valid", Tone.MUTED),
                ),
                cells,
            )
        ]
    return [
        one
        for seen in wrong
        for one in wrap(f"{seen.vantage}: {seen.headline}", cells, TONES[seen.verdict], indent=4,
                        first=line("  ", glyph(seen.verdict, check.freshness), " "))
    ]  # fmt: skip


def _unheard(seen: VantageView, check: CheckView) -> bool:
    """Whether it is from an earlier look than the picture, which did not come as far as this server."""
    return seen.freshness is Freshness.SILENT and check.freshness is not Freshness.SILENT


def certificate_lines(checks: Mapping[str, CheckView], now: datetime, cells: int) -> list[Line]:
    """A picture per chain, with the hosts that have it; then revocation, stapling and timestamps in a line each."""
    drawn = _chains(checks)
    lines: list[Line] = []
    for chain, hosts in drawn[:MOST_CHAINS]:
        seen = checks.get("tls.chain") or checks["tls.certificate"]
        aside = _standing(f"{len(hosts)} hosts" if len(hosts) > 3 else "", seen, now)
        lines += [EMPTY, rule(f"Certificate of {', '.join(hosts[:3])}", cells, aside)]
        lines += _certificates(chain, seen.freshness, now, cells)
    if len(drawn) > MOST_CHAINS:
        lines.append(line((f"and {len(drawn) - MOST_CHAINS} chains more", Tone.MUTED)))
    for name in ("tls.revocation", "tls.stapling", "tls.transparency", "tls.strength"):
        if name in checks:
            check = checks[name]
            tone = Tone.MUTED if check.verdict.rank >= Verdict.INFO.rank else TONES[check.verdict]
            first = line(glyph(check.verdict, check.freshness), " ", (f"{check.title}  ", Tone.STRONG))
            lines += wrap(check.headline, cells, tone, indent=2, first=first)
    return [*lines, *(issuance_lines(checks["tls.issuance"], now, cells) if "tls.issuance" in checks else [])]


def _chains(checks: Mapping[str, CheckView]) -> list[tuple[list[Mapping[str, Any]], list[str]]]:
    """Every different chain with its hosts, those with trouble first."""
    told = _mappings(checks["tls.chain"].evidence.get("chains")) if "tls.chain" in checks else []
    if "tls.certificate" in checks:
        told += [seen.evidence for seen in checks["tls.certificate"].vantages]
        told.append(checks["tls.certificate"].evidence)
    found: dict[tuple[str, ...], tuple[list[Mapping[str, Any]], list[str]]] = {}
    for each in told:
        chain = _mappings(each.get("chain"))
        if not chain:
            continue
        key = tuple(f"{one.get('sha256')} {one.get('subject')} {one.get('presented')}" for one in chain)
        hosts = found.setdefault(key, (chain, []))[1]
        host = str(each.get("host") or "?")
        if host not in hosts:
            hosts.append(host)
    return sorted(
        found.values(), key=lambda each: not any(one.get("trouble") or one.get("missing") for one in each[0])
    )


def _certificates(
    chain: Sequence[Mapping[str, Any]], freshness: Freshness, now: datetime, cells: int
) -> list[Line]:
    """The best path from the root down to the host's own certificate; what was sent for nothing stands below."""
    path = [one for one in chain if one.get("used", True)]
    lines: list[Line] = []
    above: Mapping[str, Any] | None = None
    for one in reversed(path):
        if above is not None:
            sound = _ONCE if freshness is Freshness.SILENT else _LINK
            lines.append(line(_BROKEN if one.get("trouble") or above.get("missing") else sound))
        lines += _certificate(one, freshness, now, cells)
        above = one
    for one in chain:
        if not one.get("used", True):
            words = f"sent, and not needed: {one.get('subject')}"
            lines.append(cut(line(("· ", Tone.MUTED), (words, Tone.MUTED)), cells))
    return lines


def _certificate(one: Mapping[str, Any], freshness: Freshness, now: datetime, cells: int) -> list[Line]:
    missing, trouble = bool(one.get("missing")), str(one.get("trouble") or "")
    verdict = Verdict.FAIL if missing or trouble else Verdict.OK
    role = str(one.get("role") or "")
    ends = _ends(one, now)
    sent = one.get("presented") or role == "root"
    said = "MISSING" if missing else ("" if sent else "not sent")
    head = line(
        glyph(verdict, freshness), " ", (f"{role:<13}", Tone.ACCENT), (str(one.get("subject") or "?"), Tone.STRONG)
    )
    tail = line((said, Tone.FAIL if missing else Tone.MUTED), "  " if said and ends else "", (ends, Tone.MUTED))
    lines = [spread(head, tail, cells)]
    if trouble:
        lines += wrap(trouble, cells, Tone.FAIL, indent=2, first=line("  "))
    if missing:
        where = f"; to be had from {one['fetch_at']}" if one.get("fetch_at") else ""
        lines += wrap(f"the server does not send it{where}", cells, Tone.FAIL, indent=2, first=line("  "))
    return lines


def _ends(one: Mapping[str, Any], now: datetime) -> str:
    if not one.get("not_after"):
        return ""
    left = parse_time(str(one["not_after"])) - now
    return f"ends in {span_words(left)}" if left.total_seconds() > 0 else f"ENDED {span_words(-left)} ago"


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []

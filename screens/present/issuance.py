"""Certificates that the transparency logs show for a domain: by whom, whether they may, and which are new."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.clock import parse_time
from cockpit.desk.views import CheckView, Freshness
from cockpit.health.model import Verdict
from cockpit.health.tls.issuance import issuer_name
from screens.present.lines import EMPTY, Line, Span, Tone, cut, line, rule, spread, wrap
from screens.present.words import TONES, age, count, glyph, span_words

MOST = 10
"""Certificates that are listed; those that need a decision come first."""


def issuance_lines(check: CheckView, now: datetime, cells: int) -> list[Line]:
    """What the last search found, and since when there are searches."""
    told = check.evidence
    seen, since = told.get("seen_count"), str(told.get("since") or "")
    aside = f"{count(int(seen), 'certificate')} seen" if isinstance(seen, int) else ""
    aside += f" since {since[:10]}" if aside and since else ""
    lines = [EMPTY, rule(check.title, cells, f"{aside}, {age(check.at, now)} ago".removeprefix(", "))]
    tone = Tone.MUTED if check.verdict.rank >= Verdict.INFO.rank else TONES[check.verdict]
    lines += wrap(check.headline, cells, tone, indent=2, first=line(glyph(check.verdict, check.freshness), " "))
    listed = _listed(told)
    for one in listed[:MOST]:
        lines += _certificate(one, bool(told.get("allowed")), check.freshness, now, cells)
    if len(listed) > MOST:
        lines.append(line((f"  and {len(listed) - MOST} more, older ones", Tone.MUTED)))
    if listed and not told.get("allowed"):
        words = "No issuers are listed in the configuration, so none of these can be told to be one too many."
        lines += wrap(words, cells, Tone.MUTED, indent=2, first=line("  "))
    return lines


def _listed(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Every certificate once: by somebody who may not issue, then new ones, then the others, the newest first."""
    found: dict[str, Mapping[str, Any]] = {}
    for name in ("unauthorised", "new", "revoked", "recent"):
        some = told.get(name)
        for one in some if isinstance(some, list | tuple) else ():
            if isinstance(one, Mapping):
                found.setdefault(str(one.get("serial")), one)
    return list(found.values())


def _certificate(
    one: Mapping[str, Any], any_listed: bool, freshness: Freshness, now: datetime, cells: int
) -> list[Line]:
    verdict, standing = _standing(one, any_listed)
    names = [str(name) for name in one.get("names") or ()]
    shown = f"{names[0] if names else '?'}{f' +{len(names) - 1}' if len(names) > 1 else ''}"
    words = TONES[verdict] if verdict.rank < Verdict.OK.rank else Tone.MUTED
    new: Span = ("NEW  " if one.get("new") else "", Tone.INFO)
    head = line("  ", glyph(verdict, freshness), " ", (shown, Tone.STRONG))
    issuer = f"by {issuer_name(str(one.get('issuer') or ''))}"
    ends = _ends(one, now)
    if verdict.rank >= Verdict.OK.rank:
        return [spread((*head, (f"  {issuer}", Tone.MUTED)), line(new, (ends, Tone.MUTED)), cells)]
    told = " · ".join(filter(None, [issuer, _logged(one, now), ends, f"serial {one.get('serial')}"]))
    return [spread(head, line(new, (standing, words)), cells), cut(line("    ", (told, Tone.MUTED)), cells)]


def _standing(one: Mapping[str, Any], any_listed: bool) -> tuple[Verdict, str]:
    if one.get("revoked_at"):
        return Verdict.INFO, "revoked"
    if one.get("ended"):
        return Verdict.NA, "ended"
    if not one.get("allowed"):
        return Verdict.FAIL, "NOT ALLOWED to issue"
    if one.get("new"):
        return Verdict.INFO, "allowed" if any_listed else "issuer not judged"
    return Verdict.OK, "allowed"


def _logged(one: Mapping[str, Any], now: datetime) -> str:
    moment = one.get("logged_at") or one.get("not_before")
    return f"logged {age(parse_time(str(moment)), now)} ago" if moment else ""


def _ends(one: Mapping[str, Any], now: datetime) -> str:
    if not one.get("not_after"):
        return ""
    left = parse_time(str(one["not_after"])) - now
    return f"ends in {span_words(left)}" if left.total_seconds() > 0 else f"ended {span_words(-left)} ago"

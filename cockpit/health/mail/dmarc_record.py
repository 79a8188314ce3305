"""The grammar of a DMARC record (RFC 9989 sections 4.7 and 4.8)."""

import re
from dataclasses import dataclass
from enum import StrEnum

_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_TAG = re.compile(r"([A-Za-z]+)[ \t]*=[ \t]*([\x20-\x3a\x3c-\x7e]*)\Z")
_MAILTO = re.compile(r"mailto:([^@\s,!]+@([A-Za-z0-9._-]+))(![0-9]+[kmgt]?)?\Z", re.IGNORECASE)
_ANY_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s,]+\Z", re.IGNORECASE)

OBSOLETE = ("pct", "rf", "ri")
"""Tags of RFC 7489 that are no longer processed."""

_KNOWN = frozenset({"v", "p", "sp", "np", "psd", "t", "adkim", "aspf", "rua", "ruf", "fo"})


class Policy(StrEnum):
    """What the owner wishes for mail that fails."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def lowered(self) -> "Policy":
        """One level below, as `t=y` asks for."""
        return Policy.QUARANTINE if self is Policy.REJECT else Policy.NONE


@dataclass(frozen=True, slots=True)
class ReportUri:
    """Where reports go; `domain` is empty for anything but mailto."""

    text: str
    domain: str
    sized: bool


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A record that says v=DMARC1 first. What cannot be understood of the rest is in `flaws`, and without effect.

    `p`, `sp` and `np` are None where absent or not valid; `invalid` names those of them that are there and wrong.
    """

    text: str
    p: Policy | None = None
    sp: Policy | None = None
    np: Policy | None = None
    psd: str = "u"
    testing: bool = False
    adkim: str = "r"
    aspf: str = "r"
    rua: tuple[ReportUri, ...] = ()
    ruf: tuple[ReportUri, ...] = ()
    invalid: tuple[str, ...] = ()
    obsolete: tuple[str, ...] = ()
    flaws: tuple[str, ...] = ()

    @property
    def treated_as_none(self) -> bool:
        """Without a sound policy but with somewhere to report to, the record counts as p=none (4.10.1)."""
        return self._unsound and bool(self.rua)

    @property
    def without_effect(self) -> bool:
        """Without a sound policy and without reports, DMARC is not applied at all (4.10.1)."""
        return self._unsound and not self.rua

    @property
    def _unsound(self) -> bool:
        return self.p is None or "sp" in self.invalid or "np" in self.invalid

    def policy(self, *, below: bool = False, exists: bool = True) -> tuple[Policy, str]:
        """What applies and the tag it is from; `below` for a subdomain of the record's domain (4.10.1)."""
        if self._unsound:
            return Policy.NONE, "p"
        found: tuple[Policy | None, str] = (self.p, "p")
        if below and not exists and self.np is not None:
            found = (self.np, "np")
        elif below and self.sp is not None:
            found = (self.sp, "sp")
        wished = found[0] or Policy.NONE
        return (wished.lowered if self.testing else wished), found[1]


def is_dmarc(text: str) -> bool:
    """Whether a TXT value is a DMARC record: `v=DMARC1` first, in exactly this case (case 59)."""
    return _VERSION.match(text) is not None


def parse_dmarc(text: str) -> DmarcRecord | None:
    """Read a record; None for a text that is not DMARC. Unknown tags are ignored (4.8)."""
    if not is_dmarc(text):
        return None
    tags: dict[str, str] = {}
    flaws: list[str] = []
    for part in text.split(";"):
        if not part.strip():
            continue
        found = _TAG.match(part.strip())
        if found is None:
            flaws.append(f"{part.strip()[:60]!r} is no tag with a value")
        elif found[1].lower() in tags:
            flaws.append(f"{found[1]} is there twice")
        else:
            tags[found[1].lower()] = found[2].strip()
    policies = {name: _policy(tags.get(name)) for name in ("p", "sp", "np")}
    invalid = tuple(name for name, value in policies.items() if name in tags and value is None)
    flaws += [f"{name}={tags[name][:40]} is none of none, quarantine, reject" for name in invalid]
    flaws += [f"{name} is no tag of DMARC" for name in tags if name not in _KNOWN and name not in OBSOLETE]
    return DmarcRecord(
        text,
        **policies,
        psd=_one_of(tags, "psd", "uyn", flaws),
        testing=_one_of(tags, "t", "ny", flaws) == "y",
        adkim=_one_of(tags, "adkim", "rs", flaws),
        aspf=_one_of(tags, "aspf", "rs", flaws),
        rua=_uris(tags.get("rua", ""), "rua", flaws),
        ruf=_uris(tags.get("ruf", ""), "ruf", flaws),
        invalid=invalid,
        obsolete=tuple(f"{name}={tags[name]}" for name in OBSOLETE if name in tags),
        flaws=tuple(flaws),
    )


def _policy(value: str | None) -> Policy | None:
    try:
        return None if value is None else Policy(value.lower())
    except ValueError:
        return None


def _one_of(tags: dict[str, str], name: str, letters: str, flaws: list[str]) -> str:
    """A one-letter value; the first of `letters` is the default, also for what is not valid."""
    value = tags.get(name, letters[0]).lower()
    if len(value) == 1 and value in letters:
        return value
    flaws.append(f"{name}={tags[name][:40]} is none of {', '.join(sorted(letters))}")
    return letters[0]


def _uris(value: str, name: str, flaws: list[str]) -> tuple[ReportUri, ...]:
    found = []
    for part in (each.strip() for each in value.split(",")):
        mail = _MAILTO.match(part)
        if mail is not None:
            found.append(ReportUri(part, mail[2].lower(), mail[3] is not None))
        elif _ANY_URI.match(part) and not part.lower().startswith("mailto:"):
            found.append(ReportUri(part, "", False))
        elif part:
            hint = "; write mailto: before the address" if "@" in part and ":" not in part else ""
            flaws.append(f"{name}: {part[:60]!r} is no address for reports{hint}")
    return tuple(found)

"""Text from outside is hostile: make it visible, keep secrets out of it, cut it to a width.

Every boundary where outside text enters (DNS, certificates, HTTP, SNS, files, exceptions) passes through
`visible()` before the text is stored, logged or drawn.
"""

import re
import unicodedata

MAX_LENGTH = 4096
"""Characters kept by `visible()` unless the caller asks for another cap."""

_MAX_COMBINING = 4
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: object, *, limit: int = MAX_LENGTH, newlines: bool = False) -> str:
    r"""Return `text` with nothing in it that a terminal, a bidi algorithm or an eye could be fooled by.

    Control (Cc), format (Cf: bidi, zero-width, tags), surrogate, private-use, unassigned and line-separator
    characters become `\u{1b}`-style text; they are never deleted silently. With `newlines`, "\n" and "\t"
    stay. Runs of more than four combining marks are cut with a note, and so is text beyond `limit` characters.
    """
    source = text if isinstance(text, str) else str(text)
    over = len(source) - limit
    if over > 0:
        source = source[:limit]
    if source.isascii() and source.isprintable():
        clean = source
    else:
        clean = "".join(_visible_characters(unicodedata.normalize("NFC", source), newlines))
    return f"{clean} … {over} more characters" if over > 0 else clean


def _visible_characters(source: str, newlines: bool) -> list[str]:
    shown: list[str] = []
    combining = 0
    for character in source:
        category = unicodedata.category(character)
        if category in _HIDDEN and not (newlines and character in "\n\t"):
            shown.append(f"\\u{{{ord(character):x}}}")
            combining = 0
        elif category in ("Mn", "Me"):
            combining += 1
            if combining <= _MAX_COMBINING:
                shown.append(character)
            elif combining == _MAX_COMBINING + 1:
                shown.append("\\u{…}")
        else:
            combining = 0
            shown.append(character)
    return shown


_SECRETS = [
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(
        r"(?i)(\b(?:aws_?)?(?:secret_?access_?key|session_?token|secret|token|password|passwd|api_?key|"
        r"domainsigningprivatekey|authorization)\b[\"']?\s*[:=]\s*[\"']?)(?:(?:bearer|basic)\s+)?[^\s\"',;&]+"
    ),
    re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}"),
    re.compile(r"https://hooks\.[^\s\"']+"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"\bMII[A-Za-z0-9+/]{200,}={0,2}"),
]


def redact(text: str) -> str:
    """Replace what looks like a private key, credential, bearer token or webhook URL by `[redacted]`.

    A net under the rule that secrets never reach such text in the first place; not a substitute for it. Public
    keys (`p=MII…` in a DKIM record) are kept, because the operator has to publish them.
    """
    for pattern in _SECRETS:
        text = pattern.sub(_mask, text)
    return text


def _mask(match: re.Match[str]) -> str:
    if match.string[max(0, match.start() - 2) : match.start()] == "p=":
        return match.group(0)
    prefix = match.group(1) if match.re.groups and match.group(1) and match.group(1)[-1:] in ":= \"'" else ""
    return f"{prefix}[redacted]"


def cell_width(text: str) -> int:
    """Terminal cells that `text` (already visible) takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def fit(text: str, cells: int) -> str:
    """Cut or pad `text` to exactly `cells` terminal cells; a cut ends in `…`."""
    if cells <= 0:
        return ""
    width = cell_width(text)
    if width <= cells:
        return text + " " * (cells - width)
    kept: list[str] = []
    used = 0
    for character in text:
        step = _character_width(character)
        if used + step > cells - 1:
            break
        kept.append(character)
        used += step
    return "".join(kept) + "…" + " " * (cells - 1 - used)

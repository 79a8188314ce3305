"""Links of a runbook that lead nowhere: to a heading that is not there, or to a file that is not beside it.

Addresses on the network are not asked: a linter that needs the network is of no use during an outage.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cockpit.runbooks.model import Problem, Runbook

_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(```+|~~~+)")
_DROPPED = re.compile(r"[^\w\- ]")


def dead_links(book: Runbook, bundled: frozenset[str]) -> Iterator[Problem]:
    """A warning for each; `bundled` are the ids of the runbooks that a bundled one may name as files beside it."""
    lines = list(_outside_fences(book.text))
    anchors = {_anchor(match[1]) for _, line in lines if (match := _HEADING.match(line))}
    for number, line in lines:
        for target in _LINK.findall(line):
            reason = _dead(target, anchors, book, bundled)
            if reason:
                yield Problem(number, "warning", f"The link to {target} leads nowhere: {reason}.")


def _outside_fences(text: str) -> Iterator[tuple[int, str]]:
    fence = ""
    for number, line in enumerate(text.split("\n"), start=1):
        match = _FENCE.match(line)
        if match:
            fence = "" if fence else match[1]
        elif not fence:
            yield number, line


def _anchor(heading: str) -> str:
    """A heading as hosts of Markdown name it in an address: small letters, hyphens for spaces."""
    words = re.sub(r"\s*\{#[\w-]+\}\s*$", "", heading)
    return _DROPPED.sub("", re.sub(r"[*`]", "", words).lower()).strip().replace(" ", "-")


def _dead(target: str, anchors: set[str], book: Runbook, bundled: frozenset[str]) -> str:
    if target.startswith("#"):
        return "" if target[1:].lower() in anchors else "there is no such heading"
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", target) or target.startswith("//"):
        return ""
    path = PurePosixPath(target.partition("#")[0])
    if "/" not in book.source:
        return "" if path.stem in bundled else "there is no such runbook"
    return "" if (Path(book.source).parent / path).exists() else "there is no such file beside it"

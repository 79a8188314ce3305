"""Patterns that have hurt before: each with the reason, looked for in a runbook's whole text."""

import re
from collections.abc import Iterator

import msgspec

from cockpit.runbooks.model import Problem


class Danger(msgspec.Struct, frozen=True):
    """A pattern and why it hurts. With `then`, only where that pattern stands within `within` lines after it."""

    pattern: re.Pattern[str]
    why: str
    then: re.Pattern[str] | None = None
    within: int = 25


def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


DANGERS: tuple[Danger, ...] = (
    Danger(
        _any_case(r"--dkim-enabled[ =]false|--no-signing-enabled|\"SigningEnabled\":\s*false"),
        "DKIM off is no way back: mail leaves unsigned and fails DMARC. Restore the former origin and selector.",
    ),
    Danger(
        _any_case(r"certificates?\s+delete|delete-certificate|certificate-manager\s+certificates\s+delete"),
        "The certificate is deleted before its replacement serves: create and switch first, delete last.",
        _any_case(r"certificates?\s+create|request-certificate|import-certificate"),
    ),
    Danger(
        _any_case(r"dnssec-state[ =]\"?off|disable-hosted-zone-dnssec"),
        "While the parent's DS is cached, signing off makes the zone bogus. Remove the DS first and wait its TTL.",
    ),
    Danger(
        _any_case(r"_acme-challenge.*(?:delete|while|xargs)|(?:delete|for\s).*_acme-challenge"),
        "Deleting every challenge record breaks validations that are under way: pick the stale ones.",
    ),
    Danger(
        _any_case(r"record-sets\s+import(?!.*--(?:delete-all-existing|replace-origin-ns))"),
        "An import stops at the first conflict and leaves half a zone: compare first, then change what differs.",
    ),
    Danger(
        _any_case(r"\bsleep\s+(?:[6-9]\d|\d{3,})\b"),
        "A fixed wait proves nothing: use a check step that waits for what should be true.",
    ),
    Danger(
        _any_case(r"(?:>{1,2}|\btee\b(?:\s+-a)?|\s-o|--output(?:-file)?[ =])\s*\"?/tmp/[A-Za-z0-9_.-]+"),
        "A fixed name in /tmp can be planted or read by others: use mktemp.",
    ),
    Danger(
        _any_case(r"\b(?:curl|wget|http)\b.*(?:authorization:\s*(?:bearer|basic)|[?&](?:token|api_?key)=)"),
        "A secret in a command's arguments can be read by everybody on the machine: use a file or standard input.",
    ),
    Danger(
        _any_case(r"--(?:password|secret|secret-string|api-key)[ =](?!\"?\$?\(|file:|fileb:)\S"),
        "A secret in a command's arguments can be read by everybody on the machine: use a file or standard input.",
    ),
)
"""Every danger that is looked for."""


def dangers_in(text: str) -> Iterator[Problem]:
    """A warning for each place in the text where a danger stands."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        for danger in DANGERS:
            if not danger.pattern.search(line):
                continue
            following = "\n".join(lines[number + 1 : number + 1 + danger.within])
            if danger.then is None or danger.then.search(following):
                yield Problem(number + 1, "warning", danger.why)

"""Patterns that have hurt before: each with the reason, looked for in a runbook's whole text."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from cockpit.runbooks.model import Problem


class Danger(msgspec.Struct, frozen=True):
    """A pattern and why it hurts, looked for in lines whose continuations are joined.

    With `then`, only where that pattern stands within `within` lines after it; with `unless`, only where that
    pattern stands neither in the line nor in those.
    """

    pattern: re.Pattern[str]
    why: str
    then: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    within: int = 25


def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_READABLE = (
    "A secret in a command's arguments can be read by everybody on the machine: use a file or standard input."
)
_DKIM_OFF = "DKIM off is no way back: mail leaves unsigned and fails DMARC. Restore the former origin and selector."

OF_COMMANDS: tuple[Danger, ...] = (
    Danger(
        _any_case(r"certificates?\s+delete|delete-certificate|certificate-manager\s+certificates\s+delete"),
        "The certificate is deleted before its replacement serves: create and switch first, delete last.",
        then=_any_case(r"certificates?\s+create|request-certificate|import-certificate"),
    ),
    Danger(
        _any_case(r"_acme-challenge.*(?:delete|while|xargs)|(?:delete|for\s).*_acme-challenge"),
        "Deleting every challenge record breaks validations that are under way: pick the stale ones.",
    ),
    Danger(
        _any_case(r"\bsleep\s+(?:[6-9]\d|\d{3,})\b"),
        "A fixed wait proves nothing: use a check step that waits for what should be true.",
    ),
    Danger(
        _any_case(r"(?<![\w/])/tmp/[A-Za-z0-9_.$-]+"),
        "A fixed name in /tmp can be planted or read by others: use mktemp.",
        unless=_any_case(r"\bmktemp\b"),
        within=0,
    ),
    Danger(
        _any_case(r"\b(?:curl|wget|http)\b.*(?:authorization:\s*(?:bearer|basic)|[?&](?:token|api_?key)=)"),
        _READABLE,
    ),
    Danger(_any_case(r"--(?:password|secret|secret-string|api-key)[ =](?!\"?\$?\(|file:|fileb:)\S"), _READABLE),
    Danger(
        re.compile(r"\b(?:rm|tee|cp|mv)\b[^#\"'\n]*\s\$\{?[A-Za-z_]"),
        "A variable without quotes falls apart at spaces, and an empty one changes the command.",
    ),
    Danger(
        re.compile(r"-d\s+\"\{"),
        "JSON put together from variables breaks at the first quotation mark in a value: let jq build it.",
    ),
    Danger(
        re.compile(r"cat\s*>>\s*/etc/"),
        "Appending to a configuration adds it again at each run, and nothing takes it back.",
    ),
    Danger(
        re.compile(r"grep\s+-v\s+(?:Running|Ready)\b"),
        "What runs and is not ready is hidden by this: look at the READY column, or use a field selector.",
    ),
    Danger(
        re.compile(r"kubectl\s+patch\s+configmap"),
        "Pods do not read a changed ConfigMap again by themselves: restart them, and say how to go back.",
        unless=re.compile(r"rollout\s+restart"),
        within=5,
    ),
)
"""Dangers of a command: such a block is not run by the cockpit where it comes from an ordinary document."""

OF_CHANGES: tuple[Danger, ...] = (
    Danger(_any_case(r"--dkim-enabled[ =]false|--no-signing-enabled|\"SigningEnabled\":\s*false"), _DKIM_OFF),
    Danger(
        _any_case(r"dnssec-state[ =]\"?off|disable-hosted-zone-dnssec"),
        "While the parent's DS is cached, signing off makes the zone bogus. Remove the DS first and wait its TTL.",
    ),
    Danger(
        _any_case(r"record-sets\s+import(?!.*--(?:delete-all-existing|replace-origin-ns))"),
        "An import stops at the first conflict and leaves half a zone: compare first, then change what differs.",
    ),
)
"""Dangers of a change, wherever it stands."""

OF_WORDS: tuple[Danger, ...] = (
    Danger(_any_case(r"DKIM無効化|rollback.*(?:disabl\w+|turn\w* off) DKIM"), _DKIM_OFF),
    Danger(
        re.compile(r"filter=.*_acme-challenge"),
        "Deleting every challenge record breaks validations that are under way: pick the stale ones.",
        then=re.compile(r"record-sets\s+delete"),
    ),
    Danger(
        _any_case(r"(?:Bounce|Complaint)Rate.*--threshold[ =](?:[1-9]|0\.[1-9])"),
        "AWS/SES reports these rates as fractions: 5 % is a threshold of 0.05, and 0.1 % is 0.001.",
    ),
    Danger(
        _any_case(r"ses-[\w-]*(?:bounce|complaint)[\w-]*`?\s*\(>\s*[\d.]+\s*%"),
        "AWS/SES reports these rates as fractions: an alarm on 5 % has the threshold 0.05, not 5.",
    ),
    Danger(
        _any_case(r">\s*(?:5|0\.1)\s*%\s*=\s*suspension"),
        "AWS reviews at 5 % bounces and 0.1 % complaints, and pauses at 10 % and 0.5 %.",
    ),
    Danger(
        _any_case(r"fail[ -]open"),
        "A suppression check that fails open sends to addresses that bounced or complained: fail closed.",
    ),
    Danger(
        _any_case(r"LIKE\s+'%?\["),
        "The value becomes part of the SQL: use a parameter, or the owner query that the cockpit fills.",
    ),
    Danger(
        _any_case(r"dig\s+TXT\s+\S*token\d*\S*_domainkey"),
        "The records of Easy DKIM are CNAMEs: asked for as TXT, a resolver answers from where they lead.",
    ),
    Danger(
        _any_case(
            r"24\s*[-–]\s*48\s*(?:hours|時間).*(?:propagat|再実行)|(?:wait|待).*24\s*[-–]\s*48\s*(?:hours|時間)"
        ),
        "This wait is a guess: what caches still hold says when all will see a change.",
    ),
    Danger(
        _any_case(r"lambda\s+invoke\b"),
        "Version 2 of the aws command wants the payload as base64 without --cli-binary-format raw-in-base64-out.",
        then=re.compile(r"--payload\s+'\{|--payload\s+\{"),
        unless=re.compile(r"cli-binary-format"),
        within=8,
    ),
    Danger(
        _any_case(r"cache flush"),
        "dig asks a resolver and does not empty its cache; only the resolver's operator, or time, does.",
        then=re.compile(r"\bdig\s+@"),
        within=8,
    ),
)
"""Dangers of what a document says or assumes."""

DANGERS: tuple[Danger, ...] = (*OF_CHANGES, *OF_COMMANDS, *OF_WORDS)
"""Every danger that is looked for."""


def dangers_in(text: str) -> Iterator[Problem]:
    """A warning for each place in the text where a danger stands."""
    lines = text.split("\n")
    for number in range(len(lines)):
        if number and lines[number - 1].endswith("\\"):
            continue
        whole = _continued(lines, number)
        for danger in DANGERS:
            if danger.pattern.search(whole) and _applies(danger, whole, lines, number):
                yield Problem(number + 1, "warning", danger.why)


def _continued(lines: Sequence[str], number: int) -> str:
    """The line with those that it goes on in, so that an option on the third line still belongs to its command."""
    whole = lines[number]
    while whole.endswith("\\") and number + 1 < len(lines):
        number += 1
        whole = f"{whole[:-1]} {lines[number].strip()}"
    return whole


def _applies(danger: Danger, whole: str, lines: Sequence[str], number: int) -> bool:
    following = "\n".join(lines[number + 1 : number + 1 + danger.within])
    if danger.unless is not None and danger.unless.search(f"{whole}\n{following}"):
        return False
    return danger.then is None or bool(danger.then.search(f"{whole}\n{following}" if danger.unless else following))

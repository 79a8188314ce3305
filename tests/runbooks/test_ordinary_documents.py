"""Markdown as people write it anyway, and the source documents themselves where SOURCE_DOCUMENTS says they lie."""

import os
from pathlib import Path

import pytest

from cockpit.runbooks.format import parse
from cockpit.runbooks.linter import lint
from cockpit.runbooks.model import Command, Kind
from cockpit.runbooks.mojibake import mended
from cockpit.runbooks.run import RunStatus
from cockpit.runbooks.shelf import decoded, read_file
from tests.runbooks.conftest import Desk

DOCUMENTS = os.environ.get("SOURCE_DOCUMENTS", "")
"""Where the organisation's own procedures are kept, as they were written; they are not part of the product."""

FAILOVER = """# Database failover

## Contents

- [Check](#check)
1. [Fail over](#fail-over)

## Check

1. Look at the replicas of `<cluster>`
   ```bash
   kubectl get pods -n <namespace>
   ```
2. Note the lag

## Fail over

| Region | Command | Owner |
|--------|---------|-------|
| eu-1 | promote | DBA |
| us-1 | promote \\| wait | DBA |

- [ ] Tell support
- [x] Read this

```sh
psql -h $DB_HOST -c 'select [x]' -d {{database}}
echo "$HOME"
```
"""

CERTIFICATE = """Renewing a certificate
======================

## Prerequisites

- access to the jump host

## Steps

```console
$ openssl s_client -connect [hostname]:443 -servername [hostname]
$ certbot renew --cert-name [hostname]
```

```yaml
not: a step
```

> Ask in #help.
"""


def test_headings_lists_boxes_tables_and_blocks_become_steps() -> None:
    book = parse(FAILOVER, "failover.md")
    assert [(step.kind.value, step.title) for step in book.steps] == [
        ("command", "Look at the replicas of <cluster>"),
        ("manual", "Note the lag"),
        ("manual", "eu-1"),
        ("manual", "us-1"),
        ("manual", "Tell support"),
        ("manual", "Read this"),
    ]
    assert "- **Command:** promote | wait" in book.steps[3].text


def _names(text: str) -> list[str]:
    return [each.name for each in parse(text, "x.md").inputs]


def test_placeholders_of_four_kinds_are_found_and_mean_one_value_each() -> None:
    book = parse(
        "# T\n\n```bash\ndig [domain] <name-server> $ZONE {{type}} [Domain]\n```\n\nThe [domain] is down.\n", "t.md"
    )
    assert [each.name for each in book.inputs] == ["domain", "name_server", "zone", "type"]
    work = book.steps[0].work
    assert isinstance(work, Command)
    assert work.argv == (("dig", "{{domain}}", "{{name_server}}", "{{zone}}", "{{type}}", "{{domain}}"),)
    assert "The {{domain}} is down." in book.steps[0].text


@pytest.mark.parametrize(
    "line",
    [
        "ls file[abc].txt",
        "grep '[error]' log",
        "if [ -f x ]; then y; fi",
        "echo $HOME",
        'curl -H "Authorization: Bearer $API_TOKEN" https://x.example',
        "X=1; echo $X",
        "for DOMAIN in a b; do dig $DOMAIN; done",
        "# dig [domain]",
    ],
)
def test_what_only_looks_like_a_placeholder_is_left_alone(line: str) -> None:
    assert _names(f"# T\n\n```bash\n{line}\ntrue\n```\n") == []


def test_prompts_are_dropped_and_a_document_without_hash_headings_is_read() -> None:
    book = parse(CERTIFICATE, "cert.md")
    command = next(step for step in book.steps if step.kind is Kind.COMMAND)
    assert isinstance(command.work, Command)
    assert command.work.argv[0] == (
        "openssl",
        "s_client",
        "-connect",
        "{{hostname}}:443",
        "-servername",
        "{{hostname}}",
    )
    assert [(each.name, each.type) for each in book.inputs] == [("hostname", "domain")]


def test_text_that_was_read_in_the_wrong_encoding_is_put_right() -> None:
    for whole in ("🚨 INCIDENT", "✅ Yes", "手順書", "Störung — prüfen", "naïve café"):
        assert mended(whole) == whole
    for sign in ("✅", "❌", "🚨", "📋"):
        broken = sign.encode().decode("mac_roman")
        assert mended(f"{broken} Yes") == f"{sign} Yes"
        assert decoded(broken.encode(), "x") == sign


KNOWN_ERRORS = {
    "delete before create": (
        "gcloud certificate-manager certificates delete c\ngcloud certificate-manager certificates create c",
        "before its replacement",
    ),
    "signing off": ("gcloud dns managed-zones update z --dnssec-state=off", "DS is cached"),
    "then sleep": ("sleep 300", "fixed wait"),
    "clearing challenges": (
        'gcloud dns record-sets list --filter="name ~ _acme-challenge" | \\\nwhile read n; do\n'
        "gcloud dns record-sets delete $n\ndone",
        "pick the stale ones",
    ),
    "import": ("gcloud dns record-sets import /srv/z.json --zone=z", "first conflict"),
    "secret on the next line": (
        'curl -X POST https://x.example \\\n  -H "Authorization: Bearer $T"',
        "read by everybody",
    ),
    "fixed name": ('LOG="/tmp/assessment-$(date +%s).log"', "use mktemp"),
    "no such operation": (
        "aws sesv2 get-email-identity-dkim-attributes --email-identity x",
        "has no operation",
    ),
    "no such option": ("aws sesv2 put-email-identity-dkim-attributes --dkim-enabled false", "has no option"),
    "s3api": ("aws s3api get-objekt --bucket b", "Did you mean get-object?"),
    "threshold": (
        "aws cloudwatch put-metric-alarm --alarm-name a --metric-name Reputation.BounceRate --threshold 5",
        "0.05",
    ),
    "payload": (
        "aws lambda invoke --function-name f \\\n  --payload '{\"a\": 1}' out.json",
        "raw-in-base64-out",
    ),
    "not ready": ("kubectl get pods -A | grep -v Running", "READY"),
    "unquoted": ("echo x | tee -a $LOG", "without quotes"),
    "no way back": ("systemctl restart mailer", "how that is taken back"),
}


@pytest.mark.parametrize("error", KNOWN_ERRORS)
def test_the_linter_names_what_is_known_to_go_wrong(error: str) -> None:
    commands, words = KNOWN_ERRORS[error]
    said = [problem.message for problem in lint(parse(f"# T\n\n## Do\n\n```bash\n{commands}\n```\n", "t.md"))]
    assert any(words in message for message in said), said


def test_a_right_threshold_and_a_private_file_are_not_complained_about() -> None:
    commands = (
        "aws cloudwatch put-metric-alarm --alarm-name a --metric-name Reputation.BounceRate --threshold 0.05\n"
        "mktemp /tmp/x.XXXXXX"
    )
    said = [
        problem.message
        for problem in lint(parse(f"# T\n\n## Do\n\nUndo: delete it.\n\n```bash\n{commands}\n```\n", "t.md"))
    ]
    assert said == []


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("x")
    path = tmp_path / "book.md"
    path.write_text(
        "# T\n\n## A step\n\n[here](#a-step) [gone](#nowhere) [file](there.md) [lost](../aws/dns/) "
        "[net](https://x.example)\n"
    )
    said = [problem.message for problem in lint(read_file(path)) if "leads nowhere" in problem.message]
    assert len(said) == 2
    assert "#nowhere" in said[0]
    assert "../aws/dns/" in said[1]


def test_an_empty_list_of_alerts_is_meant(tmp_path: Path) -> None:
    head = "---\nid: t\nowner: us\nreviewed: 2026-11-20\n{}---\n# T\n\n- [ ] do\n"
    assert lint(parse(head.format("alerts: []\n"), "t.md")) == []
    assert any("'alerts'" in problem.message for problem in lint(parse(head.format(""), "t.md")))


def _source_documents() -> list[Path]:
    return sorted(Path(DOCUMENTS).glob("0*.txt")) if DOCUMENTS else []


needs_documents = pytest.mark.skipif(not _source_documents(), reason="SOURCE_DOCUMENTS does not say where they lie")

EXPECTED = {
    "000": (10, ("part of the SQL", "Easy DKIM are CNAMEs", "a guess", "../aws/dns/")),
    "001": (40, ("get-email-identity-dkim-attributes", "--dkim-enabled", "DKIM off is no way back",
                 "raw-in-base64-out", "a guess")),
    "002": (60, ("0.05, not 5", "fails open", "pauses at 10 %")),
    "003": (45, ("before its replacement", "DS is cached", "fixed wait", "pick the stale ones", "first conflict",
                 "read by everybody", "use mktemp", "empty its cache", "without quotes", "JSON put together",
                 "adds it again")),
    "004": (45, ("READY", "ConfigMap", "taken back")),
}  # fmt: skip


@needs_documents
@pytest.mark.parametrize("number", EXPECTED)
def test_a_source_document_opens_as_it_is_and_its_known_errors_are_named(number: str) -> None:
    (path,) = Path(DOCUMENTS).glob(f"{number}_*.txt")
    book = read_file(path)
    steps, errors = EXPECTED[number]
    assert len(book.steps) >= steps
    said = [problem.message for problem in lint(book)]
    assert [words for words in errors if not any(words in message for message in said)] == []


@needs_documents
@pytest.mark.parametrize("number", EXPECTED)
def test_a_source_document_is_stepped_through_from_its_beginning_to_its_end(number: str, desk: Desk) -> None:
    (path,) = Path(DOCUMENTS).glob(f"{number}_*.txt")
    uid = desk.start(path.read_text("utf-8"))
    asked: list[str] = []
    while desk.at(uid):
        view = desk.view(uid)
        for wanted in view.missing:
            asked.append(wanted.name)
            desk.mine.give(uid, {wanted.name: "shop.example"})
        desk.mine.advance(uid, confirmed=view.asks)
        if view.current is not None and view.current.kind is Kind.COMMAND:
            desk.end(uid, how="command", said="ok")
    assert desk.view(uid).status is RunStatus.FINISHED
    assert len(asked) == len(set(asked))
    assert desk.view(uid).done == desk.view(uid).total


@needs_documents
def test_garbled_signs_of_the_emergency_procedures_are_readable() -> None:
    (path,) = Path(DOCUMENTS).glob("003_*.txt")
    text = read_file(path).text
    assert "✅ Yes" in text
    assert "‚úÖ" not in text

"""The linter names what would fail at three in the morning."""

import pytest

from cockpit.runbooks.format import parse
from cockpit.runbooks.linter import lint
from cockpit.runbooks.shelf import Shelf
from tests.runbooks.books import FORKED


def _said(text: str) -> list[str]:
    return [f"{problem.line} {problem.level} {problem.message}" for problem in lint(parse(text, "t.md"))]


@pytest.mark.parametrize("id", [book.id for book in Shelf().all()])
def test_the_library_is_clean(id: str) -> None:
    assert lint(Shelf().get(id)) == []


def test_an_input_that_is_never_used_or_has_no_known_type_is_named() -> None:
    said = _said("---\nid: t\ninputs:\n  a: domain\n  b: colour\n---\n# T\n\n## Do\n\n{{b}}\n")
    assert any("Input a is asked for and never used" in line for line in said)
    assert any("unknown type 'colour'" in line for line in said)


def test_ways_that_lead_nowhere_and_steps_that_nothing_leads_to_are_named() -> None:
    said = _said(FORKED.replace("go: left", "go: lefft"))
    assert any("leads to 'lefft'" in line for line in said)
    assert any("Nothing leads to 'Left'" in line for line in said)


def test_checks_and_remedies_that_do_not_exist_are_named() -> None:
    said = _said(
        "# T\n\n## A\n\n```check\ncheck: mail.dkimm\ntarget: x.example\n```\n\n"
        "## B\n\n```action\naction: ses.byodkim\nwith: {domain: x.example, token: a}\n```\n\n"
        "## C\n\n```action\naction: ses.magic\n```\n"
    )
    assert any("no check 'mail.dkimm'" in line for line in said)
    assert any("needs the parameter 'selector'" in line for line in said)
    assert any("takes no parameter 'token'" in line for line in said)
    assert any("no remedy 'ses.magic'" in line for line in said)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("aws sesv2 get-email-identity-dkim-attributes --email-identity x", "has no operation"),
        (
            "aws sesv2 put-email-identity-dkim-attributes --email-identity x --dkim-enabled false",
            "Did you mean --signing-enabled?",
        ),
        ("aws sesvv2 get-account", "no AWS service 'sesvv2'"),
        ("dig x | aws sesv2 get-acount", "Did you mean get-account?"),
    ],
)
def test_aws_commands_that_do_not_exist_are_named(command: str, words: str) -> None:
    assert any(words in line for line in _said(f"# T\n\n## Do\n\n```bash\n{command}\n```\n"))


@pytest.mark.parametrize(
    "command",
    [
        "aws sesv2 get-email-identity --email-identity x --query DkimAttributes --output json",
        "aws sesv2 put-email-identity-dkim-attributes --email-identity x --signing-enabled",
        "aws s3 cp s3://a/b -",
        "aws route53 list-hosted-zones",
        "aws acm wait certificate-validated --certificate-arn x",
    ],
)
def test_aws_commands_that_exist_pass(command: str) -> None:
    said = _said(f"# T\n\n## Do\n\nGo back by the former value.\n\n```bash\n{command}\n```\n")
    assert said == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("aws sesv2 put-email-identity-dkim-attributes --no-signing-enabled", "DKIM off"),
        ("gcloud certificates delete a\ngcloud certificates create a", "before its replacement"),
        ("gcloud dns managed-zones update z --dnssec-state=off", "DS is cached"),
        ("sleep 300", "fixed wait"),
        ("gcloud dns record-sets import zone.json --zone=z", "first conflict"),
        ("kubectl get pods > /tmp/out.txt", "mktemp"),
        ('curl -H "Authorization: Bearer abc" https://x', "secret"),
        ("mysql --password hunter2", "secret"),
    ],
)
def test_known_dangers_are_named_with_the_reason(text: str, words: str) -> None:
    assert any(words in line for line in _said(f"# T\n\n## Do\n\n```bash\n{text}\n```\n"))

"""The list of records to publish: what stands in it, and what counts as published."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli.frame import root
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.ses.todo import Record, judged, records

IDENTITY = {
    "DkimAttributes": {
        "Tokens": ["a", "b", "c"],
        "SigningAttributesOrigin": "AWS_SES",
        "SigningHostedZone": "dkim.eu-west-3.amazonses.com",
    },
    "MailFromAttributes": {"MailFromDomain": "bounce.shop.example"},
}


def test_the_list_has_three_cnames_in_the_region_s_own_zone_mail_from_spf_and_dmarc() -> None:
    lines = [each.line for each in records("shop.example", IDENTITY, "eu-west-3")]
    assert lines == [
        "a._domainkey.shop.example. 3600 IN CNAME a.dkim.eu-west-3.amazonses.com.",
        "b._domainkey.shop.example. 3600 IN CNAME b.dkim.eu-west-3.amazonses.com.",
        "c._domainkey.shop.example. 3600 IN CNAME c.dkim.eu-west-3.amazonses.com.",
        "bounce.shop.example. 3600 IN MX 10 feedback-smtp.eu-west-3.amazonses.com.",
        'bounce.shop.example. 3600 IN TXT "v=spf1 include:amazonses.com ~all"',
        'shop.example. 3600 IN TXT "v=spf1 include:amazonses.com ~all"',
        '_dmarc.shop.example. 3600 IN TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@shop.example"',
    ]


def test_own_keys_need_no_cname() -> None:
    own = {"DkimAttributes": {"Tokens": ["s1"], "SigningAttributesOrigin": "EXTERNAL"}}
    assert not any(each.type == "CNAME" for each in records("shop.example", own, "eu-west-3"))


DMARC = Record(name="_dmarc.x.example", type="TXT", value="v=DMARC1; p=quarantine; rua=mailto:d@x.example", why="")


@pytest.mark.parametrize(
    ("values", "published"),
    [
        ([["v=DMARC1; p=reject"]], True),
        ([["v=DMARC1; p=none"]], False),
        ([["v=DMARC1; p=reject"], []], False),
        ([], None),
    ],
)
def test_what_does_the_same_work_is_published_and_silence_is_unknown(
    values: list[list[str]], published: bool | None
) -> None:
    assert judged(DMARC, values).published is published


@pytest.fixture(scope="module")
def profile(world: LaunchedWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("todo") / "p.json"
    path.write_bytes(world.profile_line)
    return path


def test_the_drill_s_company_has_published_its_keys(profile: Path) -> None:
    words = ["--profile", str(profile), "--database", str(profile.with_name("c.db")), "ses", "todo", "shop.example"]
    found = CliRunner().invoke(root, words)
    assert found.output.count("✔ DKIM") == 3, found.output
    assert "✔ MAIL FROM" in found.output

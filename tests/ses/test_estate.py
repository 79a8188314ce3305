"""Our own DKIM keys: their age, phase 7's checklist and report, and new ones of which nothing is ever seen."""

import gc
import resource
import types
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.actions import aws
from cockpit.actions.aws import AwsClients
from cockpit.actions.contract import EffectRefused
from cockpit.actions.estate import generate as generating
from cockpit.actions.estate.generate import generate
from cockpit.actions.estate.stored import Estate
from cockpit.cli.frame import root
from cockpit.config.settings import ByodkimConfig
from cockpit.drill.estate.company import BUCKET, SITES
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.errors import ReadOnly, Refused
from cockpit.health.model import Verdict
from cockpit.ses.estate.board import KeyLine, Readiness, checklist, report, worst_first
from storage.ledger import Draft
from tests.worlds import start_world

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
WHERE = ByodkimConfig(bucket=BUCKET)
PREPARED = next(site.selector for site in SITES if site.name == "shop.example")


def key(days: float, domain: str = "shop.example") -> KeyLine:
    made = NOW - timedelta(days=days)
    return KeyLine(domain=domain, selector="s1", place="s3://b/k", made_at=made, size=1700, recorded=True)


@pytest.mark.parametrize(
    ("days", "left", "verdict"),
    [
        (0, 456, Verdict.OK),
        (395, 61, Verdict.OK),
        (396, 60, Verdict.WARN),
        (455, 1, Verdict.WARN),
        (456, 0, Verdict.FAIL),
    ],
)
def test_a_key_is_good_for_456_days_and_spoken_of_60_days_before(days: float, left: int, verdict: Verdict) -> None:
    assert key(days).days_left(NOW) == left
    assert key(days).verdict(NOW) is verdict


def test_the_key_that_ends_soonest_stands_first() -> None:
    assert [each.domain for each in worst_first([key(1, "a.example"), key(400, "b.example")], NOW)][
        0
    ] == "b.example"


READY = Readiness(
    stored=True,
    recorded=True,
    published=True,
    said="it fits at 3 of 3 name servers",
    dkim_status="SUCCESS",
    origin="EXTERNAL",
)
RUN = {"remedy": "ses.byodkim", "uid": "0123456789", "operator": "mhassan", "state": "succeeded", "at": NOW}


def test_the_report_keeps_the_procedure_s_words_and_ticks_only_what_is_proven() -> None:
    text = report("shop.example", "s1", checklist("shop.example", "s1", READY, [RUN], NOW), key(10), "mhassan", NOW)
    assert "- 状態: 完了" in text
    for words in (
        "DNS TXTレコード設定完了通知を受信",
        "ドメインと選択子を確認",
        "Lambda関数実行",
        "実行結果確認（statusCode: 200）",
        "SES設定最終確認",
        "Phase-7完了報告",
    ):
        assert f"- [x] {words}" in text
    assert "456日、60日前アラート" in text
    unseen = Readiness(stored=True, recorded=True, published=None, said="nobody answers")
    text = report("shop.example", "s1", checklist("shop.example", "s1", unseen, [], NOW), None, "mhassan", NOW)
    assert "未完了（4項目）" in text
    assert "- [ ] DNS TXTレコード設定完了通知を受信" in text
    assert "- [ ] SES設定最終確認" in text


@pytest.fixture(scope="module")
def world() -> Iterator[LaunchedWorld]:
    with start_world("dkim-missing") as world:
        yield world


def make(
    world: LaunchedWorld, selector: str, records: list[Draft], where: ByodkimConfig = WHERE, **how: Any
) -> Any:
    return generate(
        AwsClients(world.profile, "mhassan", **how),
        where,
        "shop.example",
        selector,
        operator="mhassan",
        append=records.extend,
        now=lambda: datetime.now(UTC),
    )


def stored(world: LaunchedWorld, selector: str) -> str:
    client = AwsClients(world.profile, "mhassan").reader("s3")
    body = client.get_object(Bucket=BUCKET, Key=f"dkim-certificates/shop.example/{selector}/private_key.pem")[
        "Body"
    ]
    return str(body.read().decode())


def private_lines(pem: str) -> list[str]:
    """The lines behind the modulus, which is public: exponent, primes and the rest."""
    return [line for line in pem.splitlines() if "-----" not in line][7:]


def test_a_prepared_key_and_its_records_are_listed_and_compared_with_dns(world: LaunchedWorld) -> None:
    estate = Estate(AwsClients(world.profile, "mhassan", read_only=True), world.profile, WHERE)
    found = next(each for each in estate.keys("shop.example") if each.selector == PREPARED)
    assert found.recorded
    ready = estate.readiness("shop.example", found.selector)
    assert (ready.stored, ready.recorded, ready.published) == (True, True, True), ready
    assert ready.origin == "AWS_SES"
    assert estate.readiness("shop.example", "none").stored is False


def test_a_new_key_is_pkcs1_in_s3_is_recorded_before_and_after_and_never_replaces_another(
    world: LaunchedWorld,
) -> None:
    records: list[Draft] = []
    made = make(world, "fresh1", records)
    assert stored(world, "fresh1").startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert [each.kind for each in records] == ["estate.key-intended", "estate.key-settled"]
    assert records[1].body["sha256"] == made.sha256
    assert all(len(part) <= 255 for part in made.record.split('"')[1::2])
    before = stored(world, "fresh1")
    with pytest.raises(Refused, match="shop.example has a key fresh1 already"):
        make(world, "fresh1", records)
    assert stored(world, "fresh1") == before
    assert records[-1].body["state"] == "refused"


def test_no_key_material_is_in_records_results_or_anything_that_is_left(
    world: LaunchedWorld, tmp_path: Path
) -> None:
    records: list[Draft] = []
    made = make(world, "canary1", records)
    secret = private_lines(stored(world, "canary1"))
    told = repr(made) + "".join(repr(each) for each in records)
    assert not any(line in told for line in secret)
    gc.collect()
    left = [each for each in gc.get_objects() if isinstance(each, types.FrameType)]
    for frame in left:
        if frame.f_code.co_filename == generating.__file__:
            pytest.fail("a frame of the generator is still held")


def test_no_traceback_holds_the_frame_with_the_key_when_storing_fails(world: LaunchedWorld) -> None:
    records: list[Draft] = []
    with pytest.raises(EffectRefused) as refused:
        make(world, "lost1", records, ByodkimConfig(bucket="there-is-none"))
    trace, seen = refused.value.__traceback__, []
    while trace is not None:
        seen += [repr(value) for name, value in trace.tb_frame.f_locals.items() if name != "world"]
        assert trace.tb_frame.f_code.co_name != "_stored"
        trace = trace.tb_next
    assert not any("PRIVATE KEY" in each for each in seen)
    assert "PRIVATE KEY" not in repr(records) + str(refused.value)


def test_no_core_may_be_left_while_the_key_exists(world: LaunchedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, really = [], aws.sent

    def sent(what: str, call: Any) -> Any:
        limits.append(resource.getrlimit(resource.RLIMIT_CORE)[0])
        return really(what, call)

    monkeypatch.setattr(generating, "sent", sent)
    before = resource.getrlimit(resource.RLIMIT_CORE)
    make(world, "core1", [])
    assert limits[0] == 0
    assert resource.getrlimit(resource.RLIMIT_CORE) == before


def test_a_read_only_cockpit_makes_no_key_and_records_none(world: LaunchedWorld) -> None:
    records: list[Draft] = []
    with pytest.raises(ReadOnly):
        make(world, "never1", records, read_only=True)
    with pytest.raises(Refused, match="byodkim.bucket"):
        make(world, "never1", records, ByodkimConfig())
    assert records == []


def cockpit(world: LaunchedWorld, home: Path, *words: str) -> Result:
    profile = home / "p.json"
    profile.write_bytes(world.profile_line)
    frame = ["--profile", str(profile), "--database", str(home / "c.db"), "--as", "mhassan"]
    return CliRunner().invoke(root, [*frame, *words], catch_exceptions=False)


def test_the_command_line_lists_shows_reports_and_generates_without_a_word_of_the_key(
    world: LaunchedWorld, tmp_path: Path
) -> None:
    listed = cockpit(world, tmp_path, "estate", "list")
    assert "shop.example" in listed.output
    shown = cockpit(world, tmp_path, "estate", "show", "shop.example", "--selector", PREPARED)
    assert "✔ published" in shown.output
    assert "✖ SES signs with our key" in shown.output
    made = cockpit(world, tmp_path, "estate", "generate", "shop.example", "--selector", "cli1")
    assert made.exit_code == 0
    assert "cli1._domainkey.shop.example. 3600 IN TXT" in made.output
    secret = private_lines(stored(world, "cli1"))
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(line in made.output or line.encode() in kept for line in secret)
    file = tmp_path / "report.md"
    cockpit(world, tmp_path, "estate", "report", "shop.example", "--output", str(file))
    assert "# BYODKIM Phase-7 完了報告" in file.read_text(encoding="utf-8")

"""The line above every screen: domains are counted, and SES is named beside them where it is not well."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from cockpit.desk.views import Header
from cockpit.health.model import Verdict
from screens.attention import title
from screens.present.frame import header_line

NOW = datetime(2026, 11, 20, 14, 3, tzinfo=UTC)
WELL = Header("prod", "prod", "447112341123", "ca-central-1", "mhassan", False, {Verdict.OK: 6}, "", True)


def shown(header: Header) -> str:
    return "".join(words for words, _ in header_line(header, None, NOW, NOW, 80))


@pytest.mark.parametrize(
    ("sending", "words", "said"),
    [
        (Verdict.FAIL, "●6 OK ✖SES", "SES failing"),
        (Verdict.UNKNOWN, "●6 OK ?SES", "SES unknown"),
        (Verdict.WARN, "●6 OK ▲SES", "all well"),
    ],
)
def test_green_domains_do_not_hide_what_befell_sending(sending: Verdict, words: str, said: str) -> None:
    header = replace(WELL, sending=sending)
    assert words in shown(header)
    assert said in title(header)


@pytest.mark.parametrize("sending", [None, Verdict.OK, Verdict.INFO])
def test_sending_that_is_well_or_not_watched_takes_no_room(sending: Verdict | None) -> None:
    header = replace(WELL, sending=sending)
    assert "SES" not in shown(header)
    assert "all well" in title(header)


def test_failing_domains_and_sending_are_both_in_the_title() -> None:
    both = replace(WELL, counts={Verdict.FAIL: 2}, sending=Verdict.FAIL)
    assert "2 failing, SES failing" in title(both)
    assert "✖2 ✖SES" in shown(both)

"""The alert feed: an account takes so little room that one reads what befell it."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from screens.present.board import alert_line
from tests.desk.test_next_step import ALERT

NOW = datetime(2026, 11, 20, 14, 3, tzinfo=UTC)
PAUSED = replace(ALERT, target="ses:447112341123/ca-central-1", headline="AWS paused sending (SHUTDOWN)")


@pytest.mark.parametrize(
    ("cells", "words"), [(35, "SES …1123 AWS paused"), (90, "SES …1123 ca-central-1 AWS paused")]
)
def test_an_account_leaves_room_for_what_befell_it(cells: int, words: str) -> None:
    assert words in "".join(text for text, _ in alert_line(PAUSED, NOW, cells))


def test_a_domain_is_named_whole() -> None:
    assert "shop.example" in "".join(text for text, _ in alert_line(ALERT, NOW, 35))

"""What a screen finds again."""

from storage.database import Database
from storage.ui_state import UiState


def test_a_text_is_found_again_by_its_key(database: Database) -> None:
    state = UiState(database)
    assert state.get("dashboard.sort") is None
    state.put("dashboard.sort", "worst")
    state.put("dashboard.sort", "name")
    assert UiState(database).get("dashboard.sort") == "name"

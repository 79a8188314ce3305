"""Reviews over a real database: one post-mortem per incident, edits that never overwrite each other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.desk.incident.reviews import Reviews
from cockpit.errors import BadInput, NotFound
from cockpit.incident.model import State
from storage.documents import Documents
from storage.errors import EditConflict
from tests.incident.terminals import Hall, Terminal


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "cockpit.db")
    yield hall
    hall.leave()


@pytest.fixture
def mine(hall: Hall) -> Terminal:
    terminal = hall.sit("mhassan")
    terminal.incidents.open_from_alert(terminal.alert(), take_lead=True)
    return terminal


@pytest.fixture
def reviews(mine: Terminal) -> Reviews:
    return desk(mine, "mhassan")


def desk(terminal: Terminal, operator: str) -> Reviews:
    documents = Documents(terminal.database)
    return Reviews(documents, terminal.feed, terminal.incidents, operator, terminal.clock)


def test_opening_fills_and_links_and_leaves_the_state_to_the_gate(mine: Terminal, reviews: Reviews) -> None:
    mine.forward(9)
    mine.cleared()
    mine.incidents.move(1, State.RESOLVED)
    document = reviews.open_for("INC-1")
    incident = mine.incidents.get(1)
    assert incident.state is State.RESOLVED
    assert incident.documents == (document.id,)
    assert "# INC-1 DKIM record missing: shop.example" in document.text
    assert "alert 2026-11-20 14:00:00Z: shop.example dkim, 1 of 3 CNAMEs gone" in document.text
    assert "all checks are green (1 seen)" in document.text


def test_opening_again_gives_the_same_document(mine: Terminal, reviews: Reviews) -> None:
    first = reviews.open_for(1)
    head = mine.feed.ledger.head()
    assert reviews.open_for(1) == first
    assert mine.feed.ledger.head() == head


def test_an_early_look_does_not_move_an_open_incident(mine: Terminal, reviews: Reviews) -> None:
    reviews.open_for(1)
    assert mine.incidents.get(1).state is State.ACKNOWLEDGED


def test_two_terminals_open_one_document(hall: Hall, mine: Terminal, reviews: Reviews) -> None:
    theirs = hall.sit("ayumi")
    assert desk(theirs, "ayumi").open_for(1).id == reviews.open_for(1).id
    assert len(mine.incidents.get(1).documents) == 1


def test_saving_keeps_every_revision_and_the_same_text_is_none(reviews: Reviews) -> None:
    document = reviews.open_for(1)
    saved = reviews.save(document, "# mine\n", document.revision)
    assert reviews.save(saved, "# mine\n", saved.revision) == saved
    assert [revision.revision for revision in reviews.revisions(document)] == [1, 2]
    assert reviews.find(1) == saved


def test_a_lost_race_shows_both_texts(hall: Hall, reviews: Reviews) -> None:
    document = reviews.open_for(1)
    desk(hall.sit("ayumi"), "ayumi").save(document, "# theirs\n", document.revision)
    with pytest.raises(EditConflict) as lost:
        reviews.save(document, "# mine\n", document.revision)
    assert (lost.value.mine, lost.value.theirs, lost.value.author) == ("# mine\n", "# theirs\n", "ayumi")


def test_what_is_saved_is_visible_and_without_secrets(reviews: Reviews) -> None:
    document = reviews.open_for(1)
    text = reviews.save(document, "a\x1b[2J\n\ttoken=abcdef123456\n日本語 ✔\n", 1).text
    assert text == "a\\u{1b}[2J\n\ttoken=[redacted]\n日本語 ✔\n"
    with pytest.raises(BadInput):
        reviews.save(document, "x" * 1_000_001, 2)


def test_facts_are_renewed_in_place(mine: Terminal, reviews: Reviews) -> None:
    text = reviews.open_for(1).text
    assert "found the change ticket" not in text
    mine.incidents.note(1, "f found the change ticket")
    assert "finding: found the change ticket" in reviews.with_fresh_facts(1, text)
    assert [block.name for block in reviews.facts(1)][:2] == ["roles", "metrics"]


def test_gaps_say_where_to_write(reviews: Reviews) -> None:
    gaps = {section.title: section.gaps for section in reviews.gaps(reviews.open_for(1).text)}
    assert gaps["What happened"] == 1
    assert gaps["Timeline"] == 0


def test_an_export_is_a_new_file_with_the_saved_text(reviews: Reviews, tmp_path: Path) -> None:
    document = reviews.open_for(1)
    reviews.save(document, "# edited\n", 1)
    path = reviews.export(1, tmp_path)
    assert path.name == "INC-1-dkim-missing-shop.example.md"
    assert path.read_text() == "# edited\n"
    assert reviews.export(1, tmp_path, "json").suffix == ".json"
    assert reviews.export(1, tmp_path).name == "INC-1-dkim-missing-shop.example-2.md"


def test_an_export_without_a_document_is_filled_and_saves_nothing(reviews: Reviews, tmp_path: Path) -> None:
    assert "# INC-1 DKIM record missing" in reviews.export(1, tmp_path).read_text()
    assert reviews.find(1) is None


def test_a_missing_incident_is_not_found(reviews: Reviews) -> None:
    with pytest.raises(NotFound):
        reviews.open_for(7)

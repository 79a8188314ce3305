"""Finding words in events and documents."""

from pathlib import Path

import pytest

from storage.database import Database
from storage.documents import Documents, TemplateSeed
from storage.ledger import Ledger
from storage.search import Search
from tests.storage.material import NOON, draft, ledger_file


@pytest.fixture
def search(database: Database) -> Search:
    return Search(database)


def test_the_newest_events_come_first_with_the_word_marked(ledger: Ledger, search: Search) -> None:
    ledger.append([draft("DKIM is gone"), draft("nothing here"), draft("dkim is back", stream="incident/1")])
    hits = search.events("dkim")
    assert [hit.seq for hit in hits] == [3, 1]
    assert "⟦dkim⟧ is back" in hits[0].excerpt
    assert [hit.seq for hit in search.events("dkim", stream="ops")] == [1]
    assert [hit.seq for hit in search.events("dkim", limit=1)] == [3]


def test_all_words_count_the_last_one_as_a_beginning_and_values_inside_lists_too(
    ledger: Ledger, search: Search
) -> None:
    ledger.append([draft(body={"a": ["authoritative servers", {"b": "bounce 42"}], "n": 550}), draft("servers")])
    assert [hit.seq for hit in search.events("servers boun")] == [1]
    assert [hit.seq for hit in search.events("550")] == [1]
    assert [hit.seq for hit in search.events("Servers")] == [2, 1]
    assert search.events("mhassan servers bouncy") == []


@pytest.mark.parametrize(
    "typed", ["", "   ", '"', '" OR *', "NEAR(", "text:x", "a-b", "(", "^", "\0", "'; DROP", "AND"]
)
def test_whatever_is_typed_is_words_never_syntax(typed: str, ledger: Ledger, search: Search) -> None:
    ledger.append([draft("plain")])
    assert search.events(typed) == []
    assert search.documents(typed) == []


def test_only_the_newest_revision_of_a_document_is_found(database: Database, search: Search) -> None:
    documents = Documents(database)
    documents.seed_templates([TemplateSeed("postmortem", "Post-mortem", "")])
    template = documents.template("postmortem")
    one = documents.create("postmortem", "INC-42", "the cause is unknown", template, "lee", NOON)
    assert [hit.id for hit in search.documents("unknown")] == [one.id]
    documents.save(one.id, "the cause was a vanished record", "lee", NOON, 1)
    assert search.documents("unknown") == []
    (hit,) = search.documents("vanished")
    assert (hit.id, hit.kind, hit.subject, hit.revision) == (one.id, "postmortem", "INC-42", 2)
    assert [found.id for found in search.documents("INC-42")] == [one.id]


def test_the_index_follows_in_pieces_and_only_once(ledger: Ledger, search: Search) -> None:
    ledger.append([draft(f"word{number}") for number in range(5_100)])
    assert search.catch_up() == 5_100
    assert search.catch_up() == 0
    assert [hit.seq for hit in search.events("word5099")] == [5_100]


def test_a_reader_without_write_access_finds_what_is_indexed(path: Path) -> None:
    ledger_file(path, 2)
    writer = Database.open(path)
    Search(writer).catch_up()
    writer.close()
    reader = Database.open(path, read_only=True)
    assert [hit.seq for hit in Search(reader).events("ledger")] == [2, 1]
    reader.close()

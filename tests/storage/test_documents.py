"""Templates and documents: every version kept, no save lost."""

from pathlib import Path

import pytest

from storage.database import Database
from storage.documents import Documents, Template, TemplateSeed
from storage.errors import EditConflict, StorageError
from tests.storage.crew import Crew
from tests.storage.material import NOON

SEEDS = [TemplateSeed("postmortem", "Post-mortem", "# {{title}}"), TemplateSeed("update", "Update", "Hello")]


@pytest.fixture
def documents(database: Database) -> Documents:
    documents = Documents(database)
    documents.seed_templates(SEEDS)
    return documents


@pytest.fixture
def template(documents: Documents) -> Template:
    return documents.template("postmortem")


def test_templates_are_seeded_once_and_edits_survive_the_next_start(documents: Documents) -> None:
    assert [(one.name, one.version, one.author) for one in documents.templates()] == [
        ("postmortem", 1, "bundled"),
        ("update", 1, "bundled"),
    ]
    documents.save_template("update", "Good day", "mhassan", NOON, 1)
    documents.seed_templates([*SEEDS, TemplateSeed("card", "Card", "new with this release")])
    assert documents.template("update") == Template("update", "Update", "Good day", 2, "mhassan", NOON)
    assert [one.name for one in documents.templates()] == ["card", "postmortem", "update"]


def test_a_new_release_brings_its_texts_and_what_somebody_wrote_stays_in_force(documents: Documents) -> None:
    documents.save_template("update", "Good day", "mhassan", NOON, 1)
    newer = [
        TemplateSeed("postmortem", "Post-mortem", "# {{title}}\n## Agenda"),
        TemplateSeed("update", "Update", "Hi"),
    ]
    for _ in range(2):
        documents.seed_templates(newer)
        documents.seed_templates(SEEDS)
    assert documents.template("postmortem").text == "# {{title}}\n## Agenda"
    assert [(one.version, one.text, one.author) for one in documents.versions("update")] == [
        (1, "Hello", "bundled"),
        (2, "Good day", "mhassan"),
        (3, "Hi", "bundled"),
        (4, "Good day", "mhassan"),
    ]
    assert documents.versions("update")[3].at == NOON


def test_a_text_that_was_restored_is_the_products_own_and_follows_the_next_release(documents: Documents) -> None:
    documents.save_template("update", "Good day", "mhassan", NOON, 1)
    documents.save_template("update", "Hello", "mhassan", NOON, 2)
    documents.seed_templates([TemplateSeed("update", "Update", "Hi")])
    assert documents.template("update").text == "Hi"


def test_a_template_saved_on_an_old_version_is_a_conflict(documents: Documents) -> None:
    documents.save_template("update", "theirs", "lee", NOON, 1)
    with pytest.raises(EditConflict) as caught:
        documents.save_template("update", "mine", "mhassan", NOON, 1)
    conflict = caught.value
    assert (conflict.mine, conflict.theirs, conflict.revision, conflict.author) == ("mine", "theirs", 2, "lee")
    assert "saved by lee" in str(conflict)
    with pytest.raises(StorageError, match="no template"):
        documents.save_template("nothing", "text", "mhassan", NOON, 1)


def test_every_revision_of_a_document_is_kept(documents: Documents, template: Template) -> None:
    created = documents.create("postmortem", "INC-42", "first", template, "mhassan", NOON)
    saved = documents.save(created.id, "second", "lee", NOON, 1)
    assert (saved.revision, saved.text, saved.author) == (2, "second", "lee")
    assert documents.get(created.id) == saved
    assert documents.find("postmortem", "INC-42") == saved
    assert documents.revisions(created.id) == [created, saved]
    assert documents.list("postmortem") == [saved]
    assert documents.list() == [saved]
    assert documents.list("update") == []
    assert documents.find("postmortem", "INC-43") is None


def test_a_second_document_on_the_same_subject_is_a_conflict_with_both_texts(
    documents: Documents, template: Template
) -> None:
    documents.create("postmortem", "INC-42", "theirs", template, "lee", NOON)
    with pytest.raises(EditConflict) as caught:
        documents.create("postmortem", "INC-42", "mine", template, "mhassan", NOON)
    assert (caught.value.mine, caught.value.theirs) == ("mine", "theirs")


def test_what_is_not_there_is_said(documents: Documents) -> None:
    with pytest.raises(StorageError, match="no document"):
        documents.get("0")
    with pytest.raises(StorageError, match="no document"):
        documents.save("0", "text", "lee", NOON, 1)
    with pytest.raises(StorageError, match="no template"):
        documents.template("nothing")


def test_revisions_and_templates_are_never_changed_or_deleted(database: Database, documents: Documents) -> None:
    documents.create("postmortem", "INC-42", "text", documents.template("postmortem"), "lee", NOON)
    for table in ("template", "document_revision"):
        for statement in (f"UPDATE {table} SET text = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(StorageError, match="is kept"), database.write() as transaction:
                transaction.execute(statement)


def test_of_two_processes_that_save_one_wins_and_the_other_gets_both_texts(
    documents: Documents, template: Template, path: Path, crew: Crew
) -> None:
    document = documents.create("postmortem", "INC-42", "first", template, "mhassan", NOON)
    pids = [crew.start("save", path=str(path), document=document.id, text=text) for text in ("left", "right")]
    crew.go(*pids)
    assert [crew.wait(pid) for pid in pids] == [0, 0]
    reports = crew.heard()
    (won,) = [report for report in reports if "saved" in report]
    (lost,) = [report for report in reports if "mine" in report]
    assert won["saved"] == 2
    assert {lost["mine"], lost["theirs"]} == {"left", "right"}
    assert documents.get(document.id).text == lost["theirs"]

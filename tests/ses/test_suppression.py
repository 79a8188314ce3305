"""Who is suppressed: files in and out, what differs, and changes that are planned, made and taken back."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.aws import AwsClients
from cockpit.actions.ses.suppression import SuppressionChanges
from cockpit.actions.ses.suppression_plan import Place, Wish, way_back
from cockpit.clock import SystemClock
from cockpit.drill.estate.company import SUPPRESSION_TABLE
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.errors import BadInput, NotFound, ReadOnly, Refused, WorldError, WrongIdentity
from cockpit.probes.aws import AwsReader
from cockpit.probes.ses.calls import Calls
from cockpit.probes.ses.lists import in_table, look_up, on_list
from cockpit.ses.suppression import (
    Entry,
    checked_address,
    difference,
    masked,
    statistics,
    take_in,
    write_csv,
    write_json,
)
from storage.database import Database
from storage.ledger import Ledger

ANN = "ann@mail.example"


def test_files_go_out_and_come_back() -> None:
    entries = (Entry("+tag@x.example", "BOUNCE"), Entry("a@x.example", "BOUNCE"), Entry("a@x.example", "COMPLAINT"))
    assert take_in(write_csv(entries)).entries == entries
    assert take_in(write_json(entries)).entries == entries
    assert "\n'+tag@x.example," in write_csv(entries), "no cell is a formula"


@pytest.mark.parametrize(
    "text",
    [
        "email,reason\nA@x.example,bounce\n",
        "a@x.example\n",
        '{"emailAddress": "a@x.example", "reason": "BOUNCE"}\n',
        '["a@x.example"]',
        "\ufeffemail;reason\n".replace(";", ",") + "a@x.example,BOUNCE,2026-11-21T03:00:00Z\n",
    ],
)
def test_every_usual_form_is_taken(text: str) -> None:
    assert [(each.address, each.reason) for each in take_in(text).entries] == [("a@x.example", "BOUNCE")]


def test_what_is_wrong_with_a_line_is_told_and_the_others_are_taken() -> None:
    found = take_in("a@x.example,bounce\nnobody,bounce\nb@x.example,because\na@x.example,bounce\n")
    assert [each.address for each in found.entries] == ["a@x.example"]
    assert [line.split(":")[0] for line in found.problems] == ["Line 2", "Line 3"]


@pytest.mark.parametrize("text", ["", "email,reason\n", "nobody\n", "{", "[7]"])
def test_a_file_without_any_address_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"\w"):
        take_in(text)


@given(st.text())
def test_no_text_at_all_makes_it_fall_over(text: str) -> None:
    try:
        found = take_in(text)
    except BadInput:
        return
    assert found.entries


def test_addresses_are_shown_masked() -> None:
    assert masked("johanna@mail.example") == "j…a@mail.example"
    assert masked("al@mail.example") == "a…@mail.example"
    assert "@" not in masked("nonsense")


@pytest.mark.parametrize("text", ["a", "a@b", "@b.example", "a b@c.example", "a@.example", "a@b.example\x1b"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is no e-mail address"):
        checked_address(text)


def test_what_differs_and_how_many_there_are() -> None:
    a, b, c = (Entry(f"{name}@x.example", "BOUNCE") for name in "abc")
    found = difference([a], [b], [a, b, c])
    assert (found.only_list, found.only_table, found.only_feedback) == (
        ("a@x.example",),
        ("b@x.example",),
        ("c@x.example",),
    )
    counted = statistics([a, b, Entry(a.address, "COMPLAINT")])
    assert (counted.addresses, [each.number for each in counted.reasons]) == (2, [2, 1])


class Table:
    """A place to make changes from: the world's account, and a ledger."""

    def __init__(self, world: LaunchedWorld, database: Database) -> None:
        self.profile = world.profile
        self.world = world
        self.ledger = Ledger(database, SystemClock().now)

    def changes(self, *, read_only: bool = False, account: str = "") -> SuppressionChanges:
        profile = self.profile
        if account:
            profile = msgspec.structs.replace(profile, aws=msgspec.structs.replace(profile.aws, account=account))
        clients = AwsClients(profile, "mhassan", read_only=read_only)
        append = self.ledger.append
        return SuppressionChanges(
            clients, SUPPRESSION_TABLE, "mhassan", append, SystemClock().now, pause=lambda _: None
        )

    def undo(self, run: str) -> None:
        changes = self.changes()
        plan = changes.plan(way_back(self.ledger.stream("suppression"), run), "taken back", undoes=run)
        assert changes.apply(plan, plan.hash).count("done") == len(plan.changes)

    async def there(self, address: str) -> tuple[str, set[str]]:
        asker = Calls(AwsReader(self.profile), speed=100)
        listed, tabled = await look_up(asker, address, SUPPRESSION_TABLE)
        return (listed.reason if listed else "", {each.reason for each in tabled})


@pytest.fixture
def table(world: LaunchedWorld, tmp_path: Path) -> Iterator[Table]:
    with closing(Database.open(tmp_path / "c.db")) as database:
        yield Table(world, database)


def both(address: str, reason: str) -> list[Wish]:
    return [Wish(address, Place.LIST, reason), Wish(address, Place.TABLE, reason)]


async def test_an_address_is_added_found_removed_and_each_step_taken_back(table: Table) -> None:
    changes = table.changes()
    plan = changes.plan(both(ANN, "BOUNCE"), "bounced by hand")
    assert [line.text for line in plan.lines()] == ["a…@mail.example bounce"] * 2
    added = changes.apply(plan, plan.hash)
    assert added.count("done") == 2
    assert await table.there(ANN) == ("BOUNCE", {"BOUNCE"})
    with pytest.raises(Refused, match="so already"):
        changes.plan(both(ANN, "BOUNCE"), "again")
    removal = changes.plan(both(ANN, ""), "she called")
    removed = changes.apply(removal, removal.hash)
    assert await table.there(ANN) == ("", set())
    table.undo(removed.id)
    assert await table.there(ANN) == ("BOUNCE", {"BOUNCE"})
    table.undo(added.id)
    assert await table.there(ANN) == ("", set())


async def test_another_reason_is_a_change_that_leads_back_to_the_old_one(table: Table) -> None:
    address = "bo@mail.example"
    changes = table.changes()
    first = changes.plan([Wish(address, Place.LIST, "BOUNCE")], "x")
    changes.apply(first, first.hash)
    second = changes.plan([Wish(address, Place.LIST, "COMPLAINT")], "x")
    assert "(was bounce)" in second.lines(full=True)[0].text
    run = changes.apply(second, second.hash)
    table.undo(run.id)
    assert (await table.there(address))[0] == "BOUNCE"


def test_the_ledger_knows_of_every_change_before_and_after_it(table: Table) -> None:
    changes = table.changes()
    plan = changes.plan(both("cy@mail.example", "COMPLAINT"), "phoned in")
    table.world.inject(do="aws-fault", kind="access-denied", operation="PutItem")
    run = changes.apply(plan, plan.hash)
    table.world.inject(do="aws-heal")
    intended, settled = table.ledger.stream("suppression")
    assert (intended.kind, settled.kind) == ("suppression.intended", "suppression.settled")
    assert intended.body["why"] == "phoned in"
    assert [each["state"] for each in settled.body["outcomes"]] == ["done", "refused"]
    assert run.count("refused") == 1
    table.undo(run.id)


def test_a_lost_answer_is_cleared_up_by_looking(table: Table) -> None:
    changes = table.changes()
    plan = changes.plan([Wish("di@mail.example", Place.TABLE, "BOUNCE")], "x")
    table.world.inject(do="aws-fault", kind="apply-then-drop", operation="PutItem", times=1)
    assert changes.apply(plan, plan.hash).count("done") == 1
    table.world.inject(do="aws-heal")


def test_a_plan_that_the_world_has_overtaken_is_not_made(table: Table) -> None:
    changes = table.changes()
    plan = changes.plan([Wish("ed@mail.example", Place.LIST, "BOUNCE")], "x")
    other = changes.plan([Wish("ed@mail.example", Place.LIST, "COMPLAINT")], "y")
    changes.apply(other, other.hash)
    assert changes.apply(plan, plan.hash).count("left") == 1
    with pytest.raises(Refused, match="not the plan"):
        changes.apply(plan, other.hash)


def test_nothing_is_changed_read_only_or_for_another_account(table: Table) -> None:
    wishes = [Wish("fy@mail.example", Place.TABLE, "BOUNCE")]
    with pytest.raises(ReadOnly):
        table.changes(read_only=True).plan(wishes, "x")
    with pytest.raises(WrongIdentity):
        table.changes(account="999999999999").plan(wishes, "x")
    with pytest.raises(NotFound):
        way_back(table.ledger.stream("suppression"), "0" * 32)
    table.world.inject(do="aws-fault", kind="expired-credentials")
    with pytest.raises(WorldError, match="log in again"):
        table.changes().plan(wishes, "x")
    table.world.inject(do="aws-heal")


async def test_both_places_are_read_whole(table: Table) -> None:
    changes = table.changes()
    wishes = [wish for number in range(30) for wish in both(f"u{number}@many.example", "BOUNCE")]
    plan = changes.plan(wishes, "bulk")
    assert changes.apply(plan, plan.hash).count("done") == 60
    asker = Calls(AwsReader(table.profile), speed=100)
    for found, whole in (await on_list(asker), await in_table(asker, SUPPRESSION_TABLE)):
        assert whole
        assert {f"u{number}@many.example" for number in range(30)} <= {each.address for each in found}
    assert len(json.dumps(plan.lines(), default=str)) > 0

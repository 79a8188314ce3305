"""`cockpit owners`: from the query to the alert that names who is hurt."""

from pathlib import Path

import pytest

from cockpit.clock import SystemClock
from cockpit.config import load_settings
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.watch.memory import Memory
from cockpit.watch.store import Store
from tests.cli.conftest import Cockpit

RESULT = (
    "service_id,service_name,email_domain,owner_name,owner_email,is_active\n"
    "1,Orders,shop.example,Ada,ada@corp.example,true\n2,Receipts,orders@shop.example,Bo,bo@corp.example,true\n"
    "3,Else,else.example,Cy,cy@corp.example,true\n"
)


@pytest.fixture
def result(home: Path, tmp_path: Path) -> Path:
    (home / "cockpit.yaml").write_text(
        "domains:\n  - {name: shop.example, owner: Web team, services: [Shop]}\n  - {name: pay.example}\n"
    )
    path = tmp_path / "blazer.csv"
    path.write_text(RESULT)
    return path


def test_a_result_is_taken_over_and_listed_with_its_date(cockpit: Cockpit, result: Path) -> None:
    done = cockpit("owners", "import", result)
    assert done.code == 0, done.err
    assert "shop.example: 2 services, verified now" in done.out
    assert "no such domain is meant: else.example" in done.out
    listed = cockpit("owners", "list", "shop.example").out
    assert "Receipts" in listed
    assert "bo@corp.example" in listed
    assert "Nobody was looked up for pay.example" in cockpit("owners", "list", "pay.example").out
    empty = cockpit("owners", "import", result, "--domain", "pay.example")
    assert "pay.example: no services, verified now" in empty.out
    assert cockpit("verify").code == 0


async def test_a_watch_that_runs_names_them_in_the_next_alert(cockpit: Cockpit, result: Path, home: Path) -> None:
    store = Store(home / "cockpit.db", SystemClock(), "the watch")
    await store.open()
    memory = Memory(load_settings(home / "cockpit.yaml"))
    await store.restore(memory, set())
    await store.requests()
    assert cockpit("owners", "import", result).code == 0
    await store.requests()
    at = SystemClock().now()
    for _ in range(2):
        seen = Observation("shop.example", "dns.resolution", DECISION, Verdict.FAIL, "gone", at)
        batch = memory.take([seen])
    await store.close()
    body = next(draft.body for draft in batch.drafts if draft.kind == "alert.raised")
    assert body["services"] == ["Shop", "Orders", "Receipts"]
    assert body["owners"] == ["Web team", "Ada", "Bo"]
    assert "3 services" in body["severity_reason"]


def test_the_query_is_printed_ready_to_paste(cockpit: Cockpit) -> None:
    out = cockpit("owners", "query", "shop.example").out
    assert out.startswith("-- Query: Get Domain Owners")
    assert "'%shop.example%'" in out
    assert cockpit("owners", "query", "shop'").code == 64

"""A runbook of a thousand steps: as quick to hold as a short one, and worked to its end in a moment."""

import time

from cockpit.runbooks.format import parse
from cockpit.runbooks.run import RunStatus
from tests.runbooks.conftest import Desk

STEPS = 1_000
LONG = "# Long\n\n" + "\n".join(
    f"## Step {number} for {{{{domain}}}}\n\nLook at {{{{domain}}}} and note what you see.\n"
    for number in range(STEPS)
)


def test_a_thousand_steps_are_read_drawn_and_worked_without_a_pause(desk: Desk) -> None:
    book = parse(LONG, "long.md")
    assert len(book.steps) == STEPS
    uid = desk.start(LONG, domain="shop.example")
    begun = time.perf_counter()
    for _ in range(20):
        desk.view(uid)
    one_view_s = (time.perf_counter() - begun) / 20
    begun = time.perf_counter()
    for _ in range(100):
        desk.mine.advance(uid)
    one_step_s = (time.perf_counter() - begun) / 100
    desk.mine.jump(uid, f"step-{STEPS - 1}-for-domain")
    desk.mine.advance(uid)
    assert desk.view(uid).number == STEPS or desk.view(uid).status is RunStatus.FINISHED
    # Generous, because the machine may be busy: what would stop a person is ten times more.
    assert one_view_s < 0.1, one_view_s
    assert one_step_s < 0.2, one_step_s
    print(f"{STEPS} steps: a view {one_view_s * 1000:.1f} ms, a step {one_step_s * 1000:.1f} ms")

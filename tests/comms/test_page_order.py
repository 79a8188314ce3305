"""The status page goes its four steps in order, or somebody says why."""

import pytest
from msgspec.structs import replace

from cockpit.comms.page_order import STATES, out_of_order, page_state
from cockpit.incident.fold import fold
from cockpit.incident.model import Incident, State, Step
from tests.incident.history import History, minute


def incident(now: str, was: str = "acknowledged", reason: str = "") -> Incident:
    """One whose last move was from one state to another, for a reason."""
    opened = fold(History().opened().events)
    assert opened is not None
    step = Step("e9", State(was), State(now), minute(9), reason, "mona")
    return replace(opened, state=State(now), steps=(*opened.steps, step))


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (None, "investigating", ""),
        (None, "identified", "Customers would read identified without having read investigating: say why."),
        ("investigating", "investigating", ""),
        ("acknowledged", "mitigating", ""),
        ("identified", "mitigating", ""),
        ("mitigating", "monitoring", ""),
        (
            "investigating",
            "resolved",
            "Customers would read resolved without having read identified, monitoring: say why.",
        ),
        ("monitoring", "identified", "Customers have read monitoring already and would read identified: say why."),
    ],
)
def test_a_step_in_order_needs_no_reason_and_every_other_one_does(before: str | None, now: str, said: str) -> None:
    assert out_of_order(before, incident(now)) == said


def test_an_incident_that_went_back_has_said_why_already() -> None:
    assert out_of_order("monitoring", incident("identified", "monitoring", "it is back")) == ""
    assert out_of_order("monitoring", incident("identified", "monitoring")) != ""


def test_every_state_of_ours_is_one_of_the_pages() -> None:
    assert {page_state(state) for state in State} == set(STATES)

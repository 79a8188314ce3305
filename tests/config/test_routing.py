"""Routing rules stand in the configuration as the documents write them; what cannot be read is refused at once."""

from pathlib import Path

import pytest

from cockpit.config import load_settings
from cockpit.errors import ConfigError
from cockpit.profile import Profile
from cockpit.watch.plan import jobs

DOCUMENT = """\
alert_routing:
  critical_alerts:
    - condition: "dns_resolution_failure AND (affected_domains >= 3 OR domain = 'isectech.com')"
      actions:
        - page: ["oncall-primary", "oncall-secondary"]
        - slack: "#critical-alerts"
"""


def load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cockpit.yaml"
    path.write_text(text)
    load_settings(path)


def test_the_section_of_the_document_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    path.write_text(DOCUMENT)
    (rule,) = load_settings(path).alert_routing["critical_alerts"]
    assert rule.actions == ({"page": ("oncall-primary", "oncall-secondary")}, {"slack": "#critical-alerts"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "affected_domains",
            "affected_domain",
            "line 3, alert_routing.critical_alerts[0].condition: Column 29: there",
        ),
        ("actions:", "action:", "there is no such key; did you mean 'actions'?"),
        ('slack: "#critical-alerts"', "slack: 7", "expected text or a list, found a whole number"),
    ],
)
def test_a_mistake_in_it_is_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, DOCUMENT.replace(old, new))
    assert said in str(refused.value)


def test_a_domain_may_have_intervals_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    path.write_text("domains:\n  - name: a.example\n    intervals: {dns_s: 60s}\n  - name: b.example\n")
    every = jobs(load_settings(path), Profile())
    assert {job.target: job.interval_s for job in every if job.probe == "resolution"} == {
        "a.example": 60.0,
        "b.example": 30.0,
    }
    assert {job.interval_s for job in every if job.probe == "mail"} == {600.0}

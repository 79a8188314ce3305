"""A monitoring file is taken over as written: every value is accounted for, and nothing of ours is changed."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.config import Settings, load_settings
from cockpit.config.monitoring import SECTIONS, Monitoring, Outcome, fenced, leaves, monitoring_from
from cockpit.config.starter import STARTER
from cockpit.config.yaml_subset import Document, read_yaml
from cockpit.errors import BadInput, ConfigError

FILE = """\
dns_monitoring:
  primary_checks:
    - domain: "isectech.com"
      check_interval: "60s"
      timeout: "10s"
      resolvers: ["8.8.8.8", "1.1.1.1", "208.67.222.222"]
    - domain: "api.isectech.com"
      check_interval: "30s"
      timeout: "5s"
      alert_threshold: "3 consecutive failures"
  dnssec_checks:
    - domain: "isectech.com"
      check_interval: "300s"
      validation_required: true
      alert_on_failure: true
  propagation_checks:
    - check_interval: "60s"
    - global_resolvers: 10
    - consistency_threshold: "80%"
ssl_monitoring:
  certificate_checks:
    - domain: "app.isectech.com"
      check_interval: "600s"
      expiry_warning_days: [30, 14, 7, 1]
      chain_validation: true
      ocsp_stapling: true
  certificate_transparency:
    - monitor_new_certificates: true
service_monitoring:
  endpoints:
    - url: "https://api.isectech.com/health"
      check_interval: "20s"
      timeout: "5s"
      expected_status: 204
    - url: "https://app.isectech.com"
      check_interval: "60s"
      ssl_validation: true
      response_time_threshold: "2s"
  load_balancer:
    - backend_health_checks: true
alert_routing:
  critical_alerts:
    - condition: "dns_resolution_failure AND (affected_domains >= 3 OR domain = 'isectech.com')"
      actions:
        - page: ["oncall-primary", "oncall-secondary"]
        - slack: "#critical-alerts"
"""


def taken(text: str, standing: Settings | None = None) -> Monitoring:
    return monitoring_from(read_yaml(text, "monitoring.yaml"), standing or Settings())


def outcome(found: Monitoring, key: str) -> Outcome:
    return next(each.outcome for each in found.accounts if each.key == key)


def merged(found: Monitoring, path: Path, text: str = STARTER) -> Settings:
    path.write_text(found.merged(text, path))
    return load_settings(path)


def test_the_documents_file_becomes_settings(tmp_path: Path) -> None:
    settings = merged(taken(FILE), tmp_path / "cockpit.yaml")
    apex, api, app = (settings.domain(f"{name}isectech.com") for name in ("", "api.", "app."))
    assert apex is not None
    assert api is not None
    assert app is not None
    assert apex.intervals is not None
    assert (apex.intervals.dns_s, apex.intervals.dnssec_s) == (60.0, 300.0)
    assert (apex.dns_timeout_s, api.dns_timeout_s, app.dns_timeout_s) == (10.0, 5.0, None)
    assert api.failures_to_alert == 3
    (host,) = api.hosts
    assert (host.path, host.expect_status, host.timeout_s) == ("/health", 204, 5.0)
    assert app.intervals is not None
    assert (app.intervals.tls_s, app.intervals.http_s) == (600.0, 60.0)
    assert (app.hosts[0].path, app.hosts[0].slow_s) == ("/", 2.0)
    assert len(settings.resolvers) == 10
    assert settings.certificate_transparency.source == "https://crt.sh/"
    assert settings.alert_routing["critical_alerts"][0].actions[1] == {"slack": "#critical-alerts"}


def test_each_value_is_told_with_its_line_and_what_became_of_it() -> None:
    found = taken(FILE)
    timeout = next(each for each in found.accounts if each.key == "dns_monitoring.primary_checks[0].timeout")
    assert (timeout.line, timeout.value, timeout.outcome) == (5, "10s", Outcome.TAKEN)
    assert timeout.sentence.startswith("Each question about isectech.com is given 10 s")
    assert outcome(found, "dns_monitoring.propagation_checks[2].consistency_threshold") is Outcome.ALREADY
    assert outcome(found, "service_monitoring.load_balancer[0].backend_health_checks") is Outcome.NONE


def test_a_second_time_there_is_nothing_to_add(tmp_path: Path) -> None:
    settings = merged(taken(FILE), tmp_path / "cockpit.yaml")
    again = taken(FILE, settings)
    assert not again
    assert {each.outcome for each in again.accounts} == {Outcome.ALREADY, Outcome.NONE}


OWN = """\
# ours
theme: light  # mine
alert_routing:
    # careful
    critical_alerts:
        - condition: dkim_missing
domains:   # all of them
    # the shop
    - name: api.isectech.com   # keep
      owner: Team A
      hosts:
          # one
          - {name: api.isectech.com, path: /health}
    - owner: Team B
      name: isectech.com
      intervals: {dns_s: 15s}
    - name: app.isectech.com
      hosts: []   # none yet
"""


def test_what_stands_in_the_configuration_stays_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    path.write_text(OWN)
    found = taken(FILE, load_settings(path))
    settings = merged(found, path, OWN)
    lines = path.read_text().splitlines()
    kept = [line for line in OWN.splitlines() if not line.startswith("      hosts: []")]
    assert [line for line in lines if line in kept] == kept
    assert "      hosts:  # none yet" in lines
    assert outcome(found, "dns_monitoring.primary_checks[0].check_interval") is Outcome.KEPT
    assert outcome(found, "service_monitoring.endpoints[0].expected_status") is Outcome.KEPT
    assert outcome(found, "alert_routing.critical_alerts[0].condition") is Outcome.KEPT
    api, app = settings.domain("api.isectech.com"), settings.domain("app.isectech.com")
    assert api is not None
    assert app is not None
    assert (api.owner, api.failures_to_alert) == ("Team A", 3)
    assert [host.path for host in app.hosts] == ["/"]


def test_a_domain_on_one_line_cannot_be_added_to_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    text = "domains:\n  - {name: api.isectech.com}\n"
    path.write_text(text)
    with pytest.raises(ConfigError, match="line 2: write this domain with one key per line"):
        taken(FILE, load_settings(path)).merged(text, path)


def test_a_rule_that_cannot_be_read_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    found = taken(FILE.replace("affected_domains", "affected_domans"))
    account = next(each for each in found.accounts if each.key == "alert_routing.critical_alerts[0].condition")
    assert account.outcome is Outcome.NONE
    assert "did you mean affected_domains?" in account.sentence
    assert merged(found, tmp_path / "cockpit.yaml").alert_routing == {}


def test_of_a_markdown_file_the_monitoring_blocks_are_read_with_their_lines() -> None:
    text = f"# Procedures\n\n```yaml\n{FILE}```\n\ntext\n```bash\ndns_monitoring: no\n```\n```yaml\nother: 1\n```\n"
    blank = fenced(text, SECTIONS)
    document = read_yaml(blank, "procedures.md")
    assert set(document.value) == set(SECTIONS)
    assert document.line(("dns_monitoring",)) == 4
    assert fenced(FILE, SECTIONS) == FILE


@pytest.mark.parametrize("text", ["", "a: 1", "- 1", "dns: {}"])
def test_what_is_no_monitoring_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="There is no monitoring in it"):
        taken(text)


_WHOLE: dict[str, Any] = read_yaml(FILE, "").value
_VALUES = st.none() | st.booleans() | st.integers(-5, 700) | st.text(max_size=12) | st.lists(st.text(max_size=8))


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """The file with some of its values replaced by anything, and some keys by others."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                (draw(st.text(max_size=8)) if draw(st.integers(0, 30)) == 0 else key): change(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            return [change(inner) for inner in value]
        return draw(_VALUES) if draw(st.integers(0, 5)) == 0 else value

    return {key: change(value) for key, value in _WHOLE.items()}


@settings(max_examples=60, deadline=None)
@given(damaged())
def test_whatever_stands_in_it_every_value_is_told_once_and_the_result_loads(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]
) -> None:
    found = monitoring_from(Document(value, {}), Settings())
    assert len(found.accounts) == len(list(leaves(value)))
    assert all(account.sentence.endswith((".", "?")) for account in found.accounts)
    merged(found, tmp_path_factory.mktemp("config") / "cockpit.yaml")


def test_staples_timestamps_and_new_certificates_are_watched_as_written() -> None:
    found = taken(FILE)
    assert outcome(found, "ssl_monitoring.certificate_checks[0].ocsp_stapling") is Outcome.ALREADY
    key = "ssl_monitoring.certificate_transparency[0].monitor_new_certificates"
    assert outcome(found, key) is Outcome.TAKEN


def test_more_resolvers_than_ten_are_refused_in_a_clear_sentence() -> None:
    addresses = ", ".join(f'"192.0.2.{number}"' for number in range(1, 12))
    found = taken(f"dns_monitoring:\n  primary_checks:\n    - domain: a.example\n      resolvers: [{addresses}]\n")
    (account,) = [each for each in found.accounts if each.key.endswith("resolvers")]
    assert account.outcome is Outcome.NONE
    assert account.sentence == "10 resolvers can be asked at most, and with these there would be 14."
    assert found.resolvers == ()

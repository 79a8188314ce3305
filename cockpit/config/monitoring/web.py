"""The rules for `ssl_monitoring` and `service_monitoring`: certificates, answers, load balancers."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from cockpit.config.issuance import CRT_SH
from cockpit.config.monitoring.accounts import Outcome, Told
from cockpit.config.monitoring.draft import HTTPS, Draft, duration, name_of, seconds_of, url_of
from cockpit.config.monitoring.names import Rule, always, beside_domain, nothing
from cockpit.config.yaml_subset import Path
from cockpit.errors import BadInput
from cockpit.text import visible

LADDER_DAYS = [30, 14, 7, 1]
PATIENCE_S = 10.0
"""What an answer is given where nothing else is configured."""

MAX_PATIENCE_S = 25.0

_LOAD_BALANCER = (
    "Name the load balancers or target groups under load_balancers of a domain; their targets are then watched, "
    "zone by zone, and each address of a host for its certificate and answer."
)


def _certificate_domain(draft: Draft, path: Path, value: Any) -> Told:
    name = name_of(value)
    stands, _ = draft.host(name, name, HTTPS)
    return Outcome.TAKEN if stands is None else Outcome.ALREADY, f"The certificate of {name} is watched."


def _expiry_days(draft: Draft, path: Path, value: Any) -> Told:
    said = "Warnings rise 30, 14, 7 and 1 days before the end"
    if value == LADDER_DAYS:
        return Outcome.ALREADY, f"{said}, later for certificates that live shortly."
    return Outcome.NONE, f"{said}, which cannot be set."


def _url(draft: Draft, path: Path, value: Any) -> Told:
    host, port, place = url_of(value)
    stands, entry = draft.host(draft.domain_of(host), host, port)
    said = f"The answer of {host} at {place} is watched."
    if stands is not None and stands.path != place:
        at = f"its answer at {stands.path}" if stands.path else "its certificate alone"
        return Outcome.KEPT, f"Your configuration watches {host}: {at}."
    if stands is not None:
        return Outcome.ALREADY, said
    if entry["path"] is not None and entry["path"] != place:
        return Outcome.NONE, f"{host} is watched at {entry['path']}; only one path of a host is."
    entry["path"] = place
    return Outcome.TAKEN, said


def _url_interval(draft: Draft, path: Path, value: Any) -> Told:
    host, _, _ = url_of(draft.beside(path, "url"))
    return draft.interval(draft.domain_of(host), value, "http_s")


def _of_host(draft: Draft, path: Path, key: str, value: Any, default: Any, said: str) -> Told:
    """A key of the host whose address is named beside it."""
    host, port, _ = url_of(draft.beside(path, "url"))
    stands, entry = draft.host(draft.domain_of(host), host, port)
    if stands is None and value != default:
        entry[key] = duration(value) if key.endswith("_s") else value
        return Outcome.TAKEN, said
    has = default if stands is None or getattr(stands, key) is None else getattr(stands, key)
    if has == value:
        return Outcome.ALREADY, said
    return Outcome.KEPT, f"Your configuration has {'no' if has is None else has} {key} for {host}."


def _status(draft: Draft, path: Path, value: Any) -> Told:
    if not isinstance(value, int) or isinstance(value, bool) or not 100 <= value <= 599:
        raise BadInput("Expected a status between 100 and 599.")
    return _of_host(draft, path, "expect_status", value, 200, f"Status {value} is wanted.")


def _timeout(draft: Draft, path: Path, value: Any) -> Told:
    seconds = seconds_of(value)
    if seconds > MAX_PATIENCE_S:
        raise BadInput(f"An answer is waited for {MAX_PATIENCE_S:g} s at most.")
    return _of_host(draft, path, "timeout_s", seconds, PATIENCE_S, f"An answer is waited for {seconds:g} s.")


def _slow(draft: Draft, path: Path, value: Any) -> Told:
    seconds = seconds_of(value)
    return _of_host(draft, path, "slow_s", seconds, None, f"An answer that takes over {seconds:g} s is a warning.")


def _new_certificates(draft: Draft, path: Path, value: Any) -> Told:
    standing = draft.settings.certificate_transparency.source
    if value is not True:
        return Outcome.NONE, "They are looked for where a search is configured, and else not."
    if standing:
        return Outcome.ALREADY, f"New certificates are looked for at {visible(standing, limit=100)}."
    draft.transparency["source"] = CRT_SH
    return Outcome.TAKEN, f"New certificates are looked for at {CRT_SH}, which thereby learns the domains."


def _unauthorised(draft: Draft, path: Path, value: Any) -> Told:
    if value is not True:
        return Outcome.NONE, "Certificates by issuers that are not listed always raise an alert."
    if draft.settings.certificate_transparency.issuers:
        return Outcome.ALREADY, "Whoever is not listed under issuers raises an alert."
    said = "List who may issue under certificate_transparency: issuers; until then every new certificate is told."
    return Outcome.ALREADY, said


def _search_interval(draft: Draft, path: Path, value: Any) -> Told:
    seconds, stands = seconds_of(value), draft.settings.intervals.ct_s
    if seconds == stands:
        return Outcome.ALREADY, f"The logs are searched every {stands:g} s."
    return Outcome.KEPT, f"The logs are searched every {stands:g} s; set ct_s under intervals for another time."


RULES: Mapping[str, Rule] = {
    "certificate_checks.domain": _certificate_domain,
    "certificate_checks.check_interval": partial(beside_domain, "tls_s"),
    "certificate_checks.expiry_warning_days": _expiry_days,
    "certificate_checks.chain_validation": partial(always, "The presented chain is validated."),
    "certificate_checks.ocsp_stapling": partial(always, "Stapled OCSP answers are judged, and responders asked."),
    "certificate_checks.ct_log_validation": partial(always, "Timestamps of logs are counted and verified."),
    "certificate_transparency.monitor_new_certificates": _new_certificates,
    "certificate_transparency.alert_on_unauthorized": _unauthorised,
    "certificate_transparency.check_interval": _search_interval,
    "endpoints.url": _url,
    "endpoints.check_interval": _url_interval,
    "endpoints.timeout": _timeout,
    "endpoints.expected_status": _status,
    "endpoints.ssl_validation": partial(always, "The certificate is validated before anything is asked."),
    "endpoints.response_time_threshold": _slow,
    "load_balancer.backend_health_checks": partial(nothing, _LOAD_BALANCER),
    "load_balancer.ssl_certificate_status": partial(nothing, _LOAD_BALANCER),
    "load_balancer.traffic_distribution": partial(nothing, _LOAD_BALANCER),
}
"""By the keys on the way to a value, without the section."""

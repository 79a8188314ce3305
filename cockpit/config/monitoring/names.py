"""The rules for `dns_monitoring`: which domains, how often, by which resolvers."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cockpit.config.monitoring.accounts import Outcome, Told
from cockpit.config.monitoring.draft import Draft, is_address, name_of, seconds_of
from cockpit.config.settings import MAX_RESOLVERS
from cockpit.config.yaml_subset import Path
from cockpit.errors import BadInput
from cockpit.profile import DEFAULT_RESOLVERS, PUBLIC_RESOLVERS
from cockpit.text import visible

PATIENCE_S = 3.0
"""What a question is given where a domain says nothing of it, with a second try in it."""

MAX_PATIENCE_S = 30.0

THRESHOLD_PERCENT = 80

Rule = Callable[[Draft, Path, Any], Told]


def always(said: str, draft: Draft, path: Path, value: Any) -> Told:
    """Something that is done anyway."""
    if value is True:
        return Outcome.ALREADY, said
    return Outcome.NONE, f"{said} That cannot be switched off."


def nothing(said: str, draft: Draft, path: Path, value: Any) -> Told:
    """Something that is not done."""
    return Outcome.NONE, said


def beside_domain(field: str, draft: Draft, path: Path, value: Any) -> Told:
    """An interval of the domain that is named beside it."""
    return draft.interval(name_of(draft.beside(path, "domain")), value, field)


def _domain(draft: Draft, path: Path, value: Any) -> Told:
    return draft.watch(name_of(value))


def _timeout(draft: Draft, path: Path, value: Any) -> Told:
    seconds = seconds_of(value)
    name = name_of(draft.beside(path, "domain"))
    known = draft.settings.domain(name)
    own = known.dns_timeout_s if known is not None else None
    stands = own or PATIENCE_S
    if seconds == stands:
        return Outcome.ALREADY, f"Each question about {name} is given {seconds:g} s."
    if seconds > MAX_PATIENCE_S:
        raise BadInput(f"A question is given {MAX_PATIENCE_S:g} s at most.")
    if own is not None:
        return Outcome.KEPT, f"{name} has a time of its own in your configuration: {own:g} s."
    draft.keys.setdefault(name, {})["dns_timeout_s"] = seconds
    return Outcome.TAKEN, (
        f"Each question about {name} is given {seconds:g} s, with a second try in it; a server that is silent for "
        "so long counts as UNKNOWN, not as down."
    )


def _resolvers(draft: Draft, path: Path, value: Any) -> Told:
    addresses = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    for address in addresses:
        if not is_address(address):
            raise BadInput(f"{visible(address, limit=60)} is not the address of a resolver.")
    standing = _standing(draft)
    missing = [address for address in addresses if address not in standing]
    if not missing:
        return Outcome.ALREADY, "These resolvers are asked for every domain."
    names = {address: name for name, address in PUBLIC_RESOLVERS}
    _ask_too(draft, [(names.get(address, address), address) for address in missing])
    return Outcome.TAKEN, "These resolvers are asked, for every domain and not for this one alone."


def _resolver_count(draft: Draft, path: Path, value: Any) -> Told:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadInput("Expected a number of resolvers.")
    standing = _standing(draft)
    if len(standing) >= value:
        return Outcome.ALREADY, f"{len(standing)} resolvers are asked."
    further = [each for each in PUBLIC_RESOLVERS if each[1] not in standing]
    _ask_too(draft, further[: value - len(standing)])
    number = len(_standing(draft))
    more = "" if number >= value else " No more are known here; add your own under resolvers."
    return Outcome.TAKEN, f"{number} public resolvers are asked.{more}"


def _standing(draft: Draft) -> dict[str, str]:
    own = {each.address: each.name for each in draft.settings.resolvers}
    return {**(own or {address: name for name, address in DEFAULT_RESOLVERS}), **draft.resolvers}


def _ask_too(draft: Draft, further: list[tuple[str, str]]) -> None:
    # A list of one's own takes the place of the default one, so it has to name these too.
    first = () if draft.settings.resolvers else DEFAULT_RESOLVERS
    added = {**draft.resolvers, **{address: name for name, address in (*first, *further)}}
    asked = len(added) + len(draft.settings.resolvers)
    if asked > MAX_RESOLVERS:
        raise BadInput(f"{MAX_RESOLVERS} resolvers can be asked at most, and with these there would be {asked}.")
    draft.resolvers.update(added)


def _failures(draft: Draft, path: Path, value: Any) -> Told:
    match = re.fullmatch(r"(\d{1,3})(?: consecutive)? failures?", str(value).strip())
    if match is None or not int(match[1]):
        raise BadInput("Expected a number of failures, such as 2 consecutive failures.")
    number, name = int(match[1]), name_of(draft.beside(path, "domain"))
    known = draft.settings.domain(name)
    own = known.failures_to_alert if known is not None else None
    said = f"{number} failure{'' if number == 1 else 's'} in a row raise{'s' if number == 1 else ''} an alert."
    if (own or draft.settings.failures_to_alert) == number:
        return Outcome.ALREADY, said
    if own is not None:
        return Outcome.KEPT, f"Your configuration says {own} for {name}."
    draft.keys.setdefault(name, {})["failures_to_alert"] = number
    return Outcome.TAKEN, said


def _signed(draft: Draft, path: Path, value: Any) -> Told:
    if value is True:
        return (
            Outcome.ALREADY,
            "Signatures are validated up to the root; a zone that is not signed is told as INFO.",
        )
    return Outcome.NONE, "Signatures are validated up to the root wherever a zone is signed."


def _compared(draft: Draft, path: Path, value: Any) -> Told:
    stands = draft.settings.intervals.dns_s
    said = f"Resolvers are compared at every look at a domain, every {stands:g} s"
    if stands <= seconds_of(value):
        return Outcome.ALREADY, f"{said}."
    return Outcome.NONE, f"{said}; intervals.dns_s says so."


def _consistency(draft: Draft, path: Path, value: Any) -> Told:
    if str(value).replace(" ", "") in (f"{THRESHOLD_PERCENT}%", str(THRESHOLD_PERCENT / 100)):
        return Outcome.ALREADY, f"Below {THRESHOLD_PERCENT} % agreement there is a warning."
    return Outcome.NONE, f"The warning comes below {THRESHOLD_PERCENT} % agreement, which cannot be set."


RULES: Mapping[str, Rule] = {
    "primary_checks.domain": _domain,
    "primary_checks.check_interval": partial(beside_domain, "dns_s"),
    "primary_checks.timeout": _timeout,
    "primary_checks.resolvers": _resolvers,
    "primary_checks.alert_threshold": _failures,
    "dnssec_checks.domain": _domain,
    "dnssec_checks.check_interval": partial(beside_domain, "dnssec_s"),
    "dnssec_checks.validation_required": _signed,
    "dnssec_checks.alert_on_failure": partial(always, "A chain that is broken raises an alert."),
    "propagation_checks.check_interval": _compared,
    "propagation_checks.global_resolvers": _resolver_count,
    "propagation_checks.consistency_threshold": _consistency,
}
"""By the keys on the way to a value, without the section."""

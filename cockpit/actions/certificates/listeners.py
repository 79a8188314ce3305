"""The listeners of load balancers that present a certificate for a host, and how they come to present another.

A listener has one default certificate (ELBv2 ModifyListener) and others chosen by name (AddListenerCertificates,
RemoveListenerCertificates). A new one is always there before the old one goes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.actions.contract import PlanStep
from cockpit.text import visible

NEW = "the new one"
"""What stands in states and requests for a certificate that has no ARN yet."""

Ask = Callable[..., Mapping[str, Any]]
"""A reading call: purpose, what is asked, `service:Operation`, parameters."""

CHANGES = ("ModifyListener", "AddListenerCertificates", "RemoveListenerCertificates")
READS = ("DescribeLoadBalancers", "DescribeListeners", "DescribeListenerCertificates")


@dataclass(frozen=True, slots=True)
class Held:
    """One certificate of ACM."""

    arn: str
    names: tuple[str, ...]
    status: str
    kind: str
    serial: str
    not_after: Any
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener: its certificates by ARN, and which of them is for the host."""

    arn: str
    balancer: str
    default: str
    others: tuple[str, ...]
    present: str


KEY_TYPES = (
    *("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096"),
    *("EC_prime256v1", "EC_secp384r1", "EC_secp521r1"),
)
"""Every kind of key: ACM lists only some kinds unless it is told."""


def listed(ask: Ask, purpose: str) -> list[Mapping[str, Any]]:
    """The summary of every certificate of ACM; raises WorldError."""
    found: list[Mapping[str, Any]] = []
    more: dict[str, Any] = {}
    while True:
        answer = ask(
            purpose,
            "which certificates there are",
            "acm:ListCertificates",
            Includes={"keyTypes": list(KEY_TYPES)},
            MaxItems=1000,
            **more,
        )
        found += answer["CertificateSummaryList"]
        if not answer.get("NextToken"):
            return found
        more = {"NextToken": answer["NextToken"]}


def _balancers(ask: Ask, purpose: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    more: dict[str, Any] = {}
    while True:
        answer = ask(purpose, "which load balancers there are", "elbv2:DescribeLoadBalancers", **more)
        found += answer["LoadBalancers"]
        if not answer.get("NextMarker"):
            return found
        more = {"Marker": answer["NextMarker"]}


def fits(names: Sequence[str], host: str) -> bool:
    """Whether a certificate with these names is for the host (RFC 6125 section 6.4.3: `*` is one label)."""
    return host in names or f"*.{host.partition('.')[2]}" in names


def held(ask: Ask, purpose: str, arn: str) -> Held:
    """What ACM says of a certificate; raises WorldError."""
    told = ask(purpose, "what the certificate is", "acm:DescribeCertificate", CertificateArn=arn)["Certificate"]
    names = {visible(name).lower() for name in (told["DomainName"], *told.get("SubjectAlternativeNames", ()))}
    return Held(
        arn,
        tuple(sorted(names)),
        visible(told.get("Status", "")),
        visible(told.get("Type", "")),
        visible(told.get("Serial", "")),
        told.get("NotAfter"),
        told,
    )


def serving(ask: Ask, host: str, purpose: str = "plan") -> list[Listener]:
    """Every listener that presents a certificate for the host."""
    found: list[Listener] = []
    for balancer in _balancers(ask, purpose):
        arn = balancer["LoadBalancerArn"]
        listeners = ask(purpose, "which listeners it has", "elbv2:DescribeListeners", LoadBalancerArn=arn)
        for listener in listeners["Listeners"]:
            if listener.get("Protocol") not in ("HTTPS", "TLS"):
                continue
            default, others = certificates(ask, purpose, listener["ListenerArn"])
            fitting = [one for one in (default, *others) if one and fits(held(ask, purpose, one).names, host)]
            if fitting:
                name = visible(balancer.get("LoadBalancerName", arn))
                found.append(Listener(listener["ListenerArn"], name, default, others, fitting[0]))
    return found


def certificates(ask: Ask, purpose: str, listener: str) -> tuple[str, tuple[str, ...]]:
    """A listener's default certificate and the others, by ARN."""
    told = ask(
        purpose,
        "which certificates the listener has",
        "elbv2:DescribeListenerCertificates",
        ListenerArn=listener,
    )
    shown = told["Certificates"]
    default = next((visible(one["CertificateArn"]) for one in shown if one.get("IsDefault")), "")
    return default, tuple(sorted(visible(one["CertificateArn"]) for one in shown if not one.get("IsDefault")))


def state_of(listener: Listener) -> dict[str, Any]:
    """A listener as a state."""
    return {_key(listener): {"default": listener.default, "others": list(listener.others)}}


def live_state(ask: Ask, purpose: str, key: str, new: str) -> dict[str, Any]:
    """The listener of that key as it is now; the certificate with the ARN `new` is called NEW."""
    default, others = certificates(ask, purpose, key.partition(" ")[2])
    named = [NEW if new and one == new else one for one in (default, *others)]
    return {key: {"default": named[0], "others": sorted(named[1:])}}


def is_listener(key: str) -> bool:
    """Whether a key of a state is that of a listener."""
    return key.startswith("listener ")


def switch(listener: Listener, to: str) -> tuple[list[PlanStep], list[PlanStep], dict[str, Any]]:
    """The steps that make a listener present the certificate `to` for the host, those back, and the state after."""
    key, before = _key(listener), state_of(listener)
    held_now = before[key]
    if listener.present == listener.default:
        after = {key: {**held_now, "default": to}}
        there = _step("ModifyListener", f"present {short(to)} by default", listener, to, before, after)
        back = _step(
            "ModifyListener", f"present {short(listener.default)} again", listener, listener.default, after, before
        )
        return [there], [back], after
    both = {key: {**held_now, "others": sorted({*listener.others, to})}}
    after = {key: {**held_now, "others": sorted({*listener.others, to} - {listener.present})}}
    old = listener.present
    steps = [
        _step("AddListenerCertificates", f"add {short(to)}", listener, to, before, both),
        _step("RemoveListenerCertificates", f"take {short(old)} off", listener, old, both, after),
    ]
    way_back = [
        _step("RemoveListenerCertificates", f"take {short(to)} off", listener, to, both, before),
        _step("AddListenerCertificates", f"add {short(old)} again", listener, old, after, both),
    ]
    return steps, way_back, after


def short(arn: str) -> str:
    """An ARN as it can be read: the end of it."""
    return f"…{arn[-12:]}" if arn.startswith("arn:") else arn


def _key(listener: Listener) -> str:
    return f"listener {listener.arn}"


def _step(
    operation: str, says: str, listener: Listener, arn: str, before: dict[str, Any], after: dict[str, Any]
) -> PlanStep:
    request = {"ListenerArn": listener.arn, "Certificates": [{"CertificateArn": arn}]}
    return PlanStep(f"elbv2:{operation}", f"{listener.balancer}: {says}", before, after, request)

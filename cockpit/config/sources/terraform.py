"""Records that must be there, from terraform: `terraform show -json`, or `terraform output -json`.

Of a state the SES and Route 53 resources are read. Of outputs, which may have any shape, lists of three DKIM tokens
by domain and objects that look like records. What terraform marks as sensitive is neither read nor told.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cockpit.config.edit import domain_name
from cockpit.errors import BadInput
from cockpit.text import visible

DKIM_ZONE = "dkim.amazonses.com"
"""Where Easy DKIM's CNAMEs lead unless SES has named another zone (GetEmailIdentity, SigningHostedZone)."""

MOST_DEPTH = 40
_TOKEN = re.compile(r"[a-z0-9]{32}|[a-z0-9]{10,64}")
_TYPES = ("A", "AAAA", "CAA", "CNAME", "DS", "MX", "NS", "PTR", "SRV", "TXT")


class Expected(msgspec.Struct, frozen=True, order=True):
    """A record set that must be there, by what terraform calls it."""

    domain: str
    name: str
    type: str
    values: tuple[str, ...]
    source: str


def expected_from(text: str, source: str) -> list[Expected]:
    """Read terraform's JSON; raises BadInput when it is none, or holds no record."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput(f"{visible(source)} is not JSON; make it with: terraform show -json") from None
    if not isinstance(document, Mapping):
        raise BadInput(f"{visible(source)} is not what terraform show -json or terraform output -json prints.")
    if "format_version" in document or "values" in document:
        found = [record for resource in _resources(document) for record in _of_resource(resource)]
    else:
        found = [record for name, output in document.items() for record in _of_output(str(name), output)]
    unique = {(each.name, each.type): each for each in found}
    if not unique:
        raise BadInput(f"{visible(source)} holds no DKIM token and no record of SES or Route 53.")
    return sorted(unique.values())


def _resources(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every resource of the state, those of modules too."""
    values = document.get("values")
    waiting = [(values.get("root_module") if isinstance(values, Mapping) else None, 0)]
    while waiting:
        module, depth = waiting.pop()
        if not isinstance(module, Mapping) or depth > MOST_DEPTH:
            continue
        for resource in _list(module.get("resources")):
            if isinstance(resource, Mapping) and isinstance(resource.get("values"), Mapping):
                yield resource
        waiting += [(child, depth + 1) for child in _list(module.get("child_modules"))]


def _of_resource(resource: Mapping[str, Any]) -> Iterator[Expected]:
    values, address = resource["values"], visible(resource.get("address") or resource.get("type"), limit=200)
    match resource.get("type"):
        case "aws_ses_domain_dkim":
            yield from _dkim(values.get("domain"), values.get("dkim_tokens"), address)
        case "aws_sesv2_email_identity":
            for signing in _list(values.get("dkim_signing_attributes")):
                if isinstance(signing, Mapping):
                    yield from _dkim(values.get("email_identity"), signing.get("tokens"), address)
        case "aws_ses_domain_identity":
            yield from _record(
                values.get("domain"), "_amazonses.{}", "TXT", [values.get("verification_token")], address
            )
        case "aws_route53_record" if not _list(values.get("alias")):
            name = values.get("fqdn") or values.get("name")
            yield from _record(name, "{}", values.get("type"), _list(values.get("records")), address)


def _of_output(name: str, output: Any) -> Iterator[Expected]:
    if not isinstance(output, Mapping) or "value" not in output or output.get("sensitive"):
        return
    yield from _found(output["value"], "", f"output {visible(name, limit=100)}", 0)


def _found(value: Any, domain: str, source: str, depth: int) -> Iterator[Expected]:
    """Look through a value: a key that is a domain says whose the tokens below it are."""
    if depth > MOST_DEPTH:
        return
    if isinstance(value, Mapping):
        name, rtype = value.get("name") or value.get("fqdn"), str(value.get("type", "")).upper()
        values = next((value[key] for key in ("records", "values", "value") if value.get(key)), None)
        if isinstance(name, str) and rtype in _TYPES and values is not None:
            yield from _record(name, "{}", rtype, _list(values) or [values], source, of=domain)
            return
        whose = value.get("domain") if isinstance(value.get("domain"), str) else domain
        for key, inner in value.items():
            yield from _found(inner, _domain(str(key)) or str(whose or ""), source, depth + 1)
    elif isinstance(value, list):
        if domain and value and all(isinstance(each, str) and _TOKEN.fullmatch(each) for each in value):
            yield from _dkim(domain, value, source)
        for each in value:
            yield from _found(each, domain, source, depth + 1)


def _dkim(domain: Any, tokens: Any, source: str) -> Iterator[Expected]:
    for token in _list(tokens):
        if isinstance(token, str) and _TOKEN.fullmatch(token):
            yield from _record(domain, f"{token}._domainkey.{{}}", "CNAME", [f"{token}.{DKIM_ZONE}."], source)


def _record(name: Any, shape: str, rtype: Any, values: list[Any], source: str, of: str = "") -> Iterator[Expected]:
    whose = _domain(name)
    kind = str(rtype or "").upper()
    found = [_value(kind, each) for each in values if isinstance(each, str) and each]
    if whose and kind in _TYPES and found:
        owner = _domain(of) or (whose if shape != "{}" else _registered(whose))
        yield Expected(owner, shape.format(whose), kind, tuple(sorted(found)), source)


def _value(rtype: str, value: str) -> str:
    """A value as our own probes read it: a text without quotes, its strings joined."""
    if rtype == "TXT":
        return visible(re.sub(r'"\s*"', "", value.strip().strip('"')).replace('\\"', '"'))
    return visible(value.strip())


def _registered(name: str) -> str:
    """The part of a name below which its records are grouped: without leading labels that begin with a line."""
    labels = name.split(".")
    marked = [place for place, label in enumerate(labels) if label.startswith("_")]
    return ".".join(labels[marked[-1] + 1 :]) if marked else name


def _domain(text: Any) -> str:
    """The domain that a text is; empty for anything else."""
    if not isinstance(text, str):
        return ""
    try:
        return domain_name(text)
    except BadInput:
        return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

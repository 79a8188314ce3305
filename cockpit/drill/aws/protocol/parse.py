"""From a request on the wire to an operation's parameters, for json, rest-json, rest-xml and query.

The other half of `botocore.serialize`: each value is read as the input shape says, and what the model does not
know is kept, so that the SDK's own validator can name it.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from botocore.utils import parse_timestamp

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.models import Target, form_fields
from cockpit.drill.web.http import Request


def parameters(request: Request, target: Target) -> dict[str, Any]:
    """Read an operation's parameters from its request; raises AwsError for what cannot be read."""
    shape = target.operation.input_shape
    if shape is None:
        return {}
    try:
        if target.protocol == "query":
            return dict(_from_form(shape, form_fields(request), "") or {})
        if target.protocol == "json":
            return dict(_from_json(shape, json.loads(request.body or b"{}")))
        return _from_rest(request, target, shape)
    except (ValueError, TypeError, AttributeError, binascii.Error, ElementTree.ParseError) as error:
        raise AwsError("SerializationException", f"The request cannot be read: {error}.", 400) from None


def _from_rest(request: Request, target: Target, shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    body: dict[str, Any] = {}
    query = dict(request.query)
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if place == "uri" and wire in target.labels:
            found[name] = _scalar(member, target.labels[wire])
        elif place == "querystring" and wire in query:
            values = [value for key, value in request.query if key == wire]
            found[name] = (
                [_scalar(member.member, value) for value in values]
                if member.type_name == "list"
                else _scalar(member, values[-1])
            )
        elif place == "header" and wire.lower() in request.headers:
            found[name] = _scalar(member, request.headers[wire.lower()])
        elif place == "headers":
            found[name] = _prefixed(request.headers, wire.lower())
        elif place is None:
            body[name] = member
    found.update(_from_body(request, target.protocol, shape, body))
    return {name: value for name, value in found.items() if value not in ({}, None)}


def _prefixed(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name[len(prefix) :]: value for name, value in headers.items() if name.startswith(prefix)}


def _from_body(request: Request, protocol: str, shape: Any, members: dict[str, Any]) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    if payload is not None:
        member = shape.members[payload]
        if member.type_name == "blob":
            chunked = "aws-chunked" in request.headers.get("content-encoding", "")
            return {payload: _unchunked(request.body) if chunked else request.body}
        return {payload: _document(request.body, protocol, member)} if request.body else {}
    if not request.body or not members:
        return {}
    whole = _document(request.body, protocol, shape)
    return {name: value for name, value in whole.items() if name in members or name not in shape.members}


def _unchunked(body: bytes) -> bytes:
    """The content of an aws-chunked body, without its `size[;chunk-signature]` lines and its trailing checksums."""
    whole, rest = bytearray(), body
    while rest:
        head, separator, rest = rest.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if not separator or len(rest) < size:
            raise ValueError("the aws-chunked body ends early")
        if size == 0:
            break
        whole += rest[:size]
        rest = rest[size:].removeprefix(b"\r\n")
    return bytes(whole)


def _document(body: bytes, protocol: str, shape: Any) -> dict[str, Any]:
    if protocol == "rest-json":
        return dict(_from_json(shape, json.loads(body)))
    # The parser is expat without external entities; a drill reads only what comes over loopback.
    return dict(_from_xml(shape, ElementTree.fromstring(body)))  # noqa: S314


def _scalar(shape: Any, text: str) -> Any:
    """A value that travels as plain text: path label, query string, header, form field or XML element."""
    kind = shape.type_name
    if kind in ("integer", "long"):
        return int(text)
    if kind in ("float", "double"):
        return float(text)
    if kind == "boolean":
        return text.lower() == "true"
    if kind == "timestamp":
        return parse_timestamp(text)
    if kind == "blob":
        return base64.b64decode(text, validate=True)
    return text


def _from_json(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if value is None:
        return None
    if kind == "structure":
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        return {
            names.get(key, key): _from_json(shape.members[names[key]], item) if key in names else item
            for key, item in value.items()
            if item is not None
        }
    if kind == "list":
        return [_from_json(shape.member, item) for item in value]
    if kind == "map":
        return {key: _from_json(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        return parse_timestamp(value)
    if kind == "blob":
        return base64.b64decode(value, validate=True)
    return value


def _from_form(shape: Any, fields: Mapping[str, str], prefix: str) -> Any:
    """A value of the query protocol: `A.B`, `List.member.1`, `Map.entry.1.key`; None when absent."""
    kind = shape.type_name
    if kind == "structure":
        dot = f"{prefix}." if prefix else ""
        found = {
            name: _from_form(member, fields, dot + member.serialization.get("name", name))
            for name, member in shape.members.items()
        }
        kept = {name: value for name, value in found.items() if value is not None}
        return kept if kept or not prefix else None
    if kind == "list":
        stem = prefix if shape.serialization.get("flattened") else f"{prefix}.member"
        return _numbered(shape.member, fields, stem) or ([] if prefix in fields else None)
    if kind == "map":
        stem = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        entries: dict[str, Any] = {}
        while (key := fields.get(f"{stem}.{len(entries) + 1}.{key_name}")) is not None:
            entries[key] = _from_form(shape.value, fields, f"{stem}.{len(entries) + 1}.{value_name}")
        return entries or None
    return _scalar(shape, fields[prefix]) if prefix in fields else None


def _numbered(shape: Any, fields: Mapping[str, str], stem: str) -> list[Any]:
    items: list[Any] = []
    while (item := _from_form(shape, fields, f"{stem}.{len(items) + 1}")) is not None:
        items.append(item)
    return items


def _from_xml(shape: Any, element: ElementTree.Element) -> Any:
    kind = shape.type_name
    if kind == "structure":
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        found: dict[str, Any] = {}
        for child in element:
            tag = child.tag.rpartition("}")[2]
            name = names.get(tag, tag)
            member = shape.members.get(name)
            if member is None:
                found[name] = child.text
            elif member.type_name == "list" and member.serialization.get("flattened"):
                found.setdefault(name, []).append(_from_xml(member.member, child))
            else:
                found[name] = _from_xml(member, child)
        return found
    if kind == "list":
        return [_from_xml(shape.member, child) for child in element]
    return _scalar(shape, element.text or "")

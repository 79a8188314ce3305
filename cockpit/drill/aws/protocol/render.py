"""From an operation's result or error to an answer on the wire, for json, rest-json, rest-xml and query.

The other half of `botocore.parsers`. Results have been checked against the output shape before they come here.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.web.http import Response

Headers = tuple[tuple[str, str], ...]

_SQS_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
}
"""What the query protocol called SQS's errors; the SDK's model no longer says."""


def success(operation: Any, protocol: str, result: Mapping[str, Any], request_id: str) -> Response:
    """Render a result that the operation's output shape knows."""
    shape = operation.output_shape
    if protocol == "json":
        version = operation.service_model.metadata.get("jsonVersion", "1.0")
        body = json.dumps(_to_json(shape, result) if shape else {}).encode()
        return Response(
            200, (_content(f"application/x-amz-json-{version}"), ("x-amzn-RequestId", request_id)), body
        )
    if protocol == "query":
        return Response(200, (_content("text/xml"),), _query_document(operation, shape, result, request_id))
    return _rest(operation, protocol, shape, result, request_id)


def failure(service: Any, protocol: str, error: AwsError, request_id: str) -> Response:
    """Render an error in the shape that the service's clients read."""
    if protocol in ("json", "rest-json"):
        headers: Headers = (
            _content("application/json"),
            ("x-amzn-RequestId", request_id),
            ("x-amzn-ErrorType", error.code),
        )
        if "awsQueryCompatible" in service.metadata:
            headers += (("x-amzn-query-error", f"{_query_code(service, error.code)};{_blame(error)}"),)
        told = {"__type": error.code, "message": error.message, **error.details}
        body = json.dumps(told).encode()
        return Response(error.status, headers, body)
    if service.service_name == "s3":
        root = ElementTree.Element("Error")
        _child(root, "Code", error.code)
        _child(root, "Message", error.message)
        _child(root, "RequestId", request_id)
    else:
        root = ElementTree.Element("ErrorResponse")
        inner = ElementTree.SubElement(root, "Error")
        _child(inner, "Type", _blame(error))
        _child(inner, "Code", error.code)
        _child(inner, "Message", error.message)
        _child(root, "RequestId", request_id)
    headers = (_content("text/xml"), ("x-amzn-RequestId", request_id), ("x-amz-request-id", request_id))
    return Response(error.status, headers, _document(root))


def _query_code(service: Any, code: str) -> str:
    """The code by which the query protocol knew an error that JSON names by its shape."""
    if service.service_name == "sqs":
        return _SQS_CODES.get(code, code)
    shapes = {shape.name: shape for shape in service.error_shapes}
    return str(shapes[code].metadata.get("error", {}).get("code", code)) if code in shapes else code


def _blame(error: AwsError) -> str:
    return "Receiver" if error.status >= 500 else "Sender"


def _rest(operation: Any, protocol: str, shape: Any, result: Mapping[str, Any], request_id: str) -> Response:
    status = int(operation.http.get("responseCode", 200))
    headers: list[tuple[str, str]] = [("x-amzn-RequestId", request_id), ("x-amz-request-id", request_id)]
    if shape is None:
        return Response(status, tuple(headers))
    inside: dict[str, Any] = {}
    for name, value in result.items():
        member = shape.members[name]
        place = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if place == "header":
            headers.append((wire, _text(member, value, "rfc822")))
        elif place == "headers":
            headers.extend((wire + key, text) for key, text in value.items())
        elif place == "statusCode":
            status = value
        else:
            inside[name] = value
    kind, body = _rest_body(protocol, shape, inside)
    if operation.name == "GetBucketLocation":
        # The one answer of S3 whose root element is the value itself, as the SDK's own handler reads it.
        root = ElementTree.Element("LocationConstraint")
        root.text = inside.get("LocationConstraint", "")
        kind, body = "application/xml", _document(root)
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(_content(kind))
    return Response(status, tuple(headers), body)


def _rest_body(protocol: str, shape: Any, inside: Mapping[str, Any]) -> tuple[str, bytes]:
    payload = shape.serialization.get("payload")
    if payload is not None and shape.members[payload].type_name == "blob":
        return "", bytes(inside.get(payload, b""))
    if payload is not None:
        shape, inside = shape.members[payload], inside.get(payload, {})
    if protocol == "rest-json":
        return "application/json", json.dumps(_to_json(shape, inside)).encode()
    body = [name for name, member in shape.members.items() if "location" not in member.serialization]
    if not body:
        return "", b""
    root = ElementTree.Element(shape.serialization.get("name", shape.name))
    _into_xml(root, shape, inside)
    return "application/xml", _document(root)


def _to_json(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return {
            shape.members[name].serialization.get("name", name): _to_json(shape.members[name], item)
            for name, item in value.items()
        }
    if kind == "list":
        return [_to_json(shape.member, item) for item in value]
    if kind == "map":
        return {key: _to_json(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat")
        return _iso(value) if form == "iso8601" else value.timestamp()
    if kind == "blob":
        return base64.b64encode(value).decode()
    return value


def _query_document(operation: Any, shape: Any, result: Mapping[str, Any], request_id: str) -> bytes:
    namespace = operation.service_model.metadata.get("xmlNamespace", "")
    root = ElementTree.Element(f"{operation.name}Response", {"xmlns": namespace})
    if shape is not None:
        inner = ElementTree.SubElement(root, shape.serialization.get("resultWrapper", f"{operation.name}Result"))
        _into_xml(inner, shape, result)
    _child(ElementTree.SubElement(root, "ResponseMetadata"), "RequestId", request_id)
    return _document(root)


def _into_xml(parent: ElementTree.Element, shape: Any, value: Mapping[str, Any]) -> None:
    for name, item in value.items():
        member = shape.members[name]
        wire = member.serialization.get("name", name)
        if member.serialization.get("xmlAttribute"):
            parent.set(wire, str(item))
        elif member.type_name == "list" and member.serialization.get("flattened"):
            for entry in item:
                _element(parent, member.member.serialization.get("name", wire), member.member, entry)
        else:
            _element(parent, wire, member, item)


def _element(parent: ElementTree.Element, name: str, shape: Any, value: Any) -> None:
    element = ElementTree.SubElement(parent, name)
    kind = shape.type_name
    if kind == "structure":
        _into_xml(element, shape, value)
    elif kind == "list":
        for entry in value:
            _element(element, shape.member.serialization.get("name", "member"), shape.member, entry)
    elif kind == "map":
        for key, item in value.items():
            entry = ElementTree.SubElement(element, "entry")
            _element(entry, shape.key.serialization.get("name", "key"), shape.key, key)
            _element(entry, shape.value.serialization.get("name", "value"), shape.value, item)
    else:
        element.text = _text(shape, value, "iso8601")


def _text(shape: Any, value: Any, default_time: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        form = shape.serialization.get("timestampFormat", default_time)
        return _iso(value) if form == "iso8601" else format_datetime(value.astimezone(UTC), usegmt=True)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _child(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _content(kind: str) -> tuple[str, str]:
    return ("Content-Type", kind)


def _document(root: ElementTree.Element) -> bytes:
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))

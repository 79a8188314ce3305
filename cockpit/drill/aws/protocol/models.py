"""Which service and operation a request means, read off the SDK's own service models."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader
from botocore.model import ServiceModel

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.web.http import Request

PROBED = ("sts", "sesv2", "ses", "cloudwatch", "s3", "route53")
"""The services that every drill is asked of from its first second, by the SDK's client names."""
SERVICES = (
    *PROBED,
    *("sns", "sqs", "dynamodb", "acm", "elbv2", "health", "support", "lambda", "logs", "iam", "secretsmanager"),
)
"""All services that this world speaks."""

_SCOPES = {name: name for name in SERVICES if name not in ("sesv2", "cloudwatch", "elbv2")} | {
    "email": "ses",
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
}
_SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/[^/]*/([^/]+)/aws4_request")
_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")
_OLD_ROUTES = {("GET", "/v2/email/identities"): "ListEmailIdentities"}
"""Routes of SDKs that are still in use, where today's model has another path."""


@dataclass(frozen=True, slots=True)
class Target:
    """A request understood as far as its operation; `labels` are the values taken from the path."""

    service: str
    protocol: str
    operation: Any
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    query: frozenset[str]
    headers: frozenset[str]
    operation: str

    @property
    def order(self) -> tuple[int, int, str]:
        """Sorts the most particular route first: most demands, then fewest labels."""
        return (-len(self.query) - len(self.headers), self.pattern.groups, self.operation)


class Models:
    """The service models, each loaded on first use (a few milliseconds)."""

    def __init__(self) -> None:
        self._models: dict[str, Any] = {}
        self._routes: dict[str, list[_Route]] = {}

    def service(self, name: str) -> Any:
        """The botocore ServiceModel of a service."""
        if name not in self._models:
            # A loader keeps what it has read, prose included; so each has its own, and the prose goes.
            document = _without_prose(Loader().load_service_model(name, "service-2"))
            self._models[name] = ServiceModel(document, service_name=name)
        return self._models[name]

    def resolve(self, request: Request) -> Target:
        """Name the operation that a signed request calls; raises AwsError when there is none."""
        service = _service(request)
        target = request.headers.get("x-amz-target")
        if target is not None:
            return self._named(service, "json", target.rpartition(".")[2])
        if self.service(service).resolved_protocol.startswith("rest-"):
            return self._routed(service, request)
        fields = form_fields(request)
        if "Action" not in fields:
            raise AwsError("MissingAction", f"The request names no operation of {service}.", 400)
        return self._named(service, "query", fields["Action"])

    def _named(self, service: str, protocol: str, operation: str) -> Target:
        model = self.service(service)
        if operation not in model.operation_names:
            raise AwsError("InvalidAction", f"{service} has no operation {operation}.", 400)
        return Target(service, protocol, model.operation_model(operation), {})

    def _routed(self, service: str, request: Request) -> Target:
        model = self.service(service)
        present = {name for name, _ in request.query}
        for route in self._table(service):
            if route.method != request.method or not route.query <= present:
                continue
            if not route.headers <= request.headers.keys():
                continue
            found = route.pattern.fullmatch(request.raw_path)
            if found:
                labels = {name: unquote(value) for name, value in found.groupdict().items()}
                return Target(service, model.resolved_protocol, model.operation_model(route.operation), labels)
        old = _OLD_ROUTES.get((request.method, request.path.rstrip("/")))
        if old is not None and service == "sesv2":
            return Target(service, model.resolved_protocol, model.operation_model(old), {})
        raise AwsError("UnknownOperationException", f"{service} has no {request.method} {request.path}.", 404)

    def _table(self, service: str) -> list[_Route]:
        """All routes of a service, the most particular first."""
        if service not in self._routes:
            model = self.service(service)
            routes = [_route(model.operation_model(name)) for name in model.operation_names]
            routes.sort(key=lambda route: route.order)
            self._routes[service] = routes
        return self._routes[service]


def _without_prose(node: Any) -> Any:
    """A model without its documentation, which is most of its weight."""
    if isinstance(node, dict):
        return {
            name: _without_prose(item)
            for name, item in node.items()
            if name not in ("documentation", "documentationUrl") or not isinstance(item, str)
        }
    return [_without_prose(item) for item in node] if isinstance(node, list) else node


def caller_key(request: Request) -> str:
    """The access key id that signed the request; empty when it is not signed."""
    found = _SCOPE.search(request.headers.get("authorization", ""))
    return found.group(1) if found else ""


def form_fields(request: Request) -> dict[str, str]:
    """The fields of a query-protocol request, from its body and its query string."""
    body = request.body.decode("utf-8", "replace")
    return dict(request.query) | dict(parse_qsl(body, keep_blank_values=True))


def _service(request: Request) -> str:
    found = _SCOPE.search(request.headers.get("authorization", ""))
    if found is None:
        raise AwsError("MissingAuthenticationToken", "The request is not signed with an access key.", 403)
    scope = found.group(2)
    if scope not in _SCOPES:
        raise AwsError("NotImplemented", f"The drill world has no service {scope!r}.", 501)
    service = _SCOPES[scope]
    return "sesv2" if service == "ses" and request.path.startswith("/v2/") else service


def _route(operation: Any) -> _Route:
    path, _, query = operation.http["requestUri"].partition("?")
    pattern = "".join(_pattern(part) for part in re.split(r"(\{[^}]+\})", path.rstrip("/")))
    names = {item.partition("=")[0] for item in query.split("&") if item}
    required: dict[str, set[str]] = {"querystring": names, "header": set()}
    shape = operation.input_shape
    for name in shape.required_members if shape else ():
        member = shape.members[name]
        wanted = required.get(member.serialization.get("location", ""))
        if wanted is not None:
            wanted.add(member.serialization.get("name", name))
    headers = frozenset(name.lower() for name in required["header"])
    return _Route(
        operation.http["method"],
        re.compile(pattern + "/?"),
        frozenset(required["querystring"]),
        headers,
        operation.name,
    )


def _pattern(part: str) -> str:
    label = _LABEL.fullmatch(part)
    if label is None:
        return re.escape(part)
    return f"(?P<{label.group(1).replace('-', '_')}>{'.+' if label.group(2) else '[^/]+'})"

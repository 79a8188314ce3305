"""The AWS endpoint: one loopback port that speaks json, rest-json, rest-xml and query as the SDK's models say.

The service is taken from the SigV4 credential scope; the signature itself is not verified, the access key is
looked up. Parameters are checked by the SDK's own validator and so are results: a result that the model does not
know is answered with 500 and noted as drift, because then the world, not the caller, is wrong.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Protocol

from cockpit.clock import Clock
from cockpit.drill.aws.protocol.calls import CallLog, CallRecord, without_secrets
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.faults import Fault, FaultKind, Faults, answer
from cockpit.drill.web.http import Dropped, HttpServer, Request, Response

if TYPE_CHECKING:
    from cockpit.drill.aws.protocol.models import Models, Target


MAX_REQUEST = 1024 * 1024
"""Bytes of a request to a service that is not made for bulk; what is kept of one call stays below this."""
_BULKY = ("s3", "lambda", "dynamodb")


@dataclass(frozen=True, slots=True)
class Call:
    """What an operation is given: its parameters, who asks, and when."""

    operation: str
    parameters: Mapping[str, Any]
    caller: str
    at: datetime


Operation = Callable[[Call], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]
"""What an operation does; one that waits (a long poll) gives an awaitable, and the others are served meanwhile."""


class Service(Protocol):
    """One service of the account: the operations that are built."""

    name: str

    def operations(self) -> Mapping[str, Operation]:
        """The operations by the model's names."""
        ...


@dataclass(slots=True)
class _Turn:
    """One request on its way through the endpoint."""

    service: str = "-"
    operation: str = "-"
    protocol: str = "rest-json"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    applied: bool = False
    error: str = ""


class AwsEndpoint:
    """Serves the account's services; `callers` maps access key ids to the ARN that signs with them."""

    def __init__(self, services: list[Service], callers: Mapping[str, str], clock: Clock) -> None:
        self._operations = {
            (service.name, name): operation
            for service in services
            for name, operation in service.operations().items()
        }
        self._callers = dict(callers)
        self._clock = clock
        self._models: Models | None = None
        self._server = HttpServer(self._handle)
        self._requests = 0
        self.calls = CallLog()
        self.faults = Faults()
        self.pages: dict[str, Callable[[], bytes]] = {}
        """What is served to anybody, by path: the certificates that signed messages point at."""

    @property
    def url(self) -> str:
        """Where SDKs are pointed at; an address, so that S3 names buckets in the path."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def built(self) -> frozenset[tuple[str, str]]:
        """The (service, operation) pairs that are built."""
        return frozenset(self._operations)

    async def start(self) -> None:
        """Listen. The SDK's models are loaded by the first request, or by `warm`."""
        await self._server.start()

    async def close(self) -> None:
        """Stop listening."""
        await self._server.close()

    def warm(self) -> None:
        """Load what the first request would; slow (0.1 s), so that it belongs into a thread after start."""
        from cockpit.drill.aws.protocol import parse, render
        from cockpit.drill.aws.protocol.models import PROBED, Models

        assert parse
        assert render
        models = Models()
        for name in PROBED:
            models.service(name)
        self._models = self._models or models

    def act(self, service: str, name: str, caller: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """A call that something inside the account makes: met by the same faults, checked and logged alike.

        Raises AwsError, also where the connection would have been cut.
        """
        self._models = self._models or self._load()
        self._requests += 1
        model = self._models.service(service).operation_model(name)
        status, error, applied, at = 200, "", False, self._clock.now()
        try:
            for fault in self.faults.take(service, name):
                if fault.kind is FaultKind.EXPIRED_CREDENTIALS:
                    continue  # It is the operator's session that ended, not the role of a function.
                refused = answer(fault.kind, service, self._models.service(service).resolved_protocol, name)
                if refused is not None or fault.kind is FaultKind.DROP:
                    raise refused or AwsError("RequestTimeout", "The connection was closed.", 503)
            _check_input(service, model.input_shape, parameters)
            result = self._operations[service, name](Call(name, parameters, caller, at))
            assert isinstance(result, Mapping)
            applied = True
            return result
        except AwsError as refusal:
            status, error = refusal.status, refusal.code
            raise
        finally:
            told = without_secrets(model.input_shape, parameters)
            record = CallRecord(
                number=self._requests,
                at=at,
                service=service,
                operation=name,
                parameters=told,
                status=status,
                error=error,
                caller=caller,
                applied=applied,
            )
            self.calls.add(record)

    def _load(self) -> "Models":
        from cockpit.drill.aws.protocol.models import Models

        return Models()

    async def _handle(self, request: Request) -> Response:
        page = self.pages.get(request.path)
        if page is not None and request.method == "GET":
            return Response(200, (("Content-Type", "application/octet-stream"),), page())
        self._models = self._models or self._load()
        self._requests += 1
        request_id = f"{self._requests:08x}-d111-4000-8000-{self._requests:012x}"
        started = self._clock.monotonic()
        turn, status = _Turn(), 0
        try:
            response = await self._answer(self._models, request, request_id, turn)
            status = response.status
            # Whoever asks compares clocks with it, and the SDK corrects its own by it.
            date = ("Date", format_datetime(self._clock.now(), usegmt=True))
            return replace(response, headers=(*response.headers, date))
        finally:
            self.calls.add(
                CallRecord(
                    number=self._requests,
                    at=self._clock.now(),
                    service=turn.service,
                    operation=turn.operation,
                    parameters=turn.parameters,
                    status=status,
                    error=turn.error,
                    caller=self._caller(request),
                    applied=turn.applied,
                    took=timedelta(seconds=self._clock.monotonic() - started),
                )
            )

    async def _answer(self, models: "Models", request: Request, request_id: str, turn: _Turn) -> Response:
        from cockpit.drill.aws.protocol import render

        target: Target | None = None
        try:
            target = models.resolve(request)
            turn.service, turn.operation, turn.protocol = target.service, target.operation.name, target.protocol
            result = await self._perform(request, target, turn)
            return render.success(target.operation, target.protocol, result, request_id)
        except AwsError as error:
            turn.error = error.code
            service = models.service(turn.service if target else "sts")
            protocol = turn.protocol if target else _guessed_protocol(request)
            return render.failure(service, protocol, error, request_id)

    async def _perform(self, request: Request, target: "Target", turn: _Turn) -> Mapping[str, Any]:
        from cockpit.drill.aws.protocol import parse

        service, name = target.service, target.operation.name
        shape = target.operation.input_shape
        if service not in _BULKY and len(request.body) > MAX_REQUEST:
            raise AwsError("RequestEntityTooLarge", f"The drill world reads {MAX_REQUEST} bytes.", 413)
        parameters = parse.parameters(request, target)
        if shape is not None:
            turn.parameters = without_secrets(shape, parameters)
        met = self.faults.take(service, name)
        await self._stumble(met, target)
        caller = self._caller(request)
        if not caller:
            raise AwsError("UnrecognizedClientException", "The security token is not valid.", 403)
        operation = self._operations.get((service, name))
        if operation is None:
            raise not_built(f"{service}:{name}")
        if shape is not None:
            _check_input(service, shape, parameters)
        result = await self._run(operation, target, Call(name, parameters, caller, self._clock.now()))
        turn.applied = True
        self._check_output(target, result)
        if any(fault.kind is FaultKind.APPLY_THEN_DROP for fault in met):
            raise Dropped
        return result

    async def _run(self, operation: Operation, target: "Target", call: Call) -> Mapping[str, Any]:
        try:
            result = operation(call)
            return await result if inspect.isawaitable(result) else result
        except AwsError:
            raise
        except Exception as error:
            # A defect of this world must neither look like AWS's answer nor tear down the other connections.
            self.calls.note_drift(f"{target.service}:{call.operation} raised {error!r}")
            raise AwsError("InternalFailure", "The drill world failed on this call.", 500) from error

    async def _stumble(self, met: list[Fault], target: "Target") -> None:
        for fault in met:
            if fault.kind is FaultKind.DROP:
                raise Dropped
            if fault.kind is FaultKind.LATENCY:
                await asyncio.sleep(fault.delay.total_seconds())
            error = answer(fault.kind, target.service, target.protocol, target.operation.name)
            if error is not None:
                raise error

    def _caller(self, request: Request) -> str:
        from cockpit.drill.aws.protocol.models import caller_key

        return self._callers.get(caller_key(request), "")

    def _check_output(self, target: "Target", result: Mapping[str, Any]) -> None:
        from botocore.validate import ParamValidator

        shape = target.operation.output_shape
        if shape is None:
            return
        report = ParamValidator().validate(dict(result), shape)
        if report.has_errors():
            self.calls.note_drift(f"{target.service}:{target.operation.name}: {report.generate_report()}")
            raise AwsError("InternalFailure", "The drill world's answer does not fit the SDK's model.", 500)


_INVALID = {
    "sesv2": "BadRequestException",
    "cloudwatch": "InvalidParameterValue",
    "route53": "InvalidInput",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "dynamodb": "ValidationException",
    "acm": "ValidationException",
    "support": "ValidationException",
    "health": "ValidationException",
    "lambda": "InvalidParameterValueException",
    "logs": "InvalidParameterException",
    "secretsmanager": "InvalidParameterException",
}
"""What a service calls a request that its model refuses."""


def _check_input(service: str, shape: Any, parameters: Mapping[str, Any]) -> None:
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(dict(parameters), shape)
    if report.has_errors():
        raise AwsError(_INVALID.get(service, "ValidationError"), str(report.generate_report()), 400)


def _guessed_protocol(request: Request) -> str:
    """How to say that a request was not understood: JSON to those who send JSON or REST, else XML."""
    kind = request.headers.get("content-type", "")
    return "query" if "x-www-form-urlencoded" in kind else "rest-json"

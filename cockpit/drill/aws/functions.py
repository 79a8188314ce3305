"""Lambda: functions whose behaviour the world knows by name; code that is uploaded is kept apart and never run."""

import asyncio
import base64
import hashlib
import inspect
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from cockpit.clock import Clock
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.watching.logs import Logs

MAX_FUNCTIONS = 100
MAX_ENVIRONMENT = 4_096
MAX_STATEMENTS = 50


@dataclass(frozen=True, slots=True)
class Context:
    """What a running function has: its environment, its role as a caller's ARN, and where it logs."""

    environment: Mapping[str, str]
    caller: str
    log: Callable[[str], None]


FunctionFaultKind = Literal["error", "timeout", "throttle"]
Behaviour = Callable[[Mapping[str, Any], Context], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]


@dataclass(slots=True, kw_only=True)
class Function:
    """One function as CreateFunction left it; of its code only size and digest are kept."""

    name: str
    arn: str
    role: str
    changed_at: datetime
    runtime: str = "python3.12"
    handler: str = "lambda_function.lambda_handler"
    description: str = ""
    timeout_s: int = 3
    memory_mb: int = 128
    environment: dict[str, str] = field(default_factory=dict)
    code_size: int = 0
    code_digest: str = ""
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)


class Functions:
    """The functions of one region; `behaviours` says by function name what each of them does."""

    name = "lambda"

    def __init__(self, place: Place, clock: Clock, logs: Logs) -> None:
        self._place = place
        self._clock = clock
        self._logs = logs
        self._functions: dict[str, Function] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self.behaviours: dict[str, Behaviour] = {}
        self.faults: dict[str, FunctionFaultKind] = {}
        """What is wrong with a function, by its name."""

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateFunction": self.create_function,
            "GetFunction": self.get_function,
            "GetFunctionConfiguration": self.get_function_configuration,
            "ListFunctions": self.list_functions,
            "DeleteFunction": self.delete_function,
            "UpdateFunctionCode": self.update_function_code,
            "UpdateFunctionConfiguration": self.update_function_configuration,
            "AddPermission": self.add_permission,
            "GetPolicy": self.get_policy,
            "Invoke": self.invoke,
        }

    # From other parts of the account

    def add(self, name: str, role: str, environment: Mapping[str, str] | None = None) -> Function:
        """Make a function as the baseline does."""
        function = Function(
            name=name,
            arn=self._place.arn("lambda", f"function:{name}"),
            role=self._place.arn("iam", f"role/{role}"),
            changed_at=self._clock.now(),
            environment=dict(environment or {}),
        )
        self._functions[name] = function
        return function

    def knows(self, function: str) -> bool:
        """Whether there is a function of this name."""
        return function in self._functions

    def run(self, function: str, event: Mapping[str, Any]) -> bool:
        """Run a function for an event that nobody waits for; False when there is none or it failed."""
        found = self._functions.get(_short(function))
        if found is None:
            return False
        try:
            result = self._start(found, event)
        except AwsError:
            return False
        if inspect.isawaitable(result):
            task = asyncio.ensure_future(_finish(result))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return True

    # Functions

    def create_function(self, call: Call) -> Mapping[str, Any]:
        """Lambda CreateFunction; the function is Active at once."""
        asked = call.parameters
        name = _short(asked["FunctionName"])
        if name in self._functions:
            raise AwsError("ResourceConflictException", f"Function already exist: {name}", 409)
        if len(self._functions) >= MAX_FUNCTIONS:
            raise AwsError("CodeStorageExceededException", "The drill world has too many functions.", 400)
        if not asked["Role"].startswith("arn:aws:iam::"):
            raise AwsError("ValidationException", "The role must be the ARN of an IAM role.", 400)
        function = self.add(name, asked["Role"].rpartition("/")[2])
        _configure(function, asked)
        _upload(function, asked["Code"])
        return self._described(function)

    def get_function(self, call: Call) -> Mapping[str, Any]:
        """Lambda GetFunction; the place of the code is named and serves nothing."""
        return {
            "Configuration": self._described(self._function(call)),
            "Code": {"RepositoryType": "S3", "Location": "https://drill.invalid/code"},
        }

    def get_function_configuration(self, call: Call) -> Mapping[str, Any]:
        """Lambda GetFunctionConfiguration."""
        return self._described(self._function(call))

    def list_functions(self, call: Call) -> Mapping[str, Any]:
        """Lambda ListFunctions, all on one page."""
        return {"Functions": [self._described(self._functions[name]) for name in sorted(self._functions)]}

    def delete_function(self, call: Call) -> Mapping[str, Any]:
        """Lambda DeleteFunction."""
        del self._functions[self._function(call).name]
        return {"StatusCode": 204}

    def update_function_code(self, call: Call) -> Mapping[str, Any]:
        """Lambda UpdateFunctionCode."""
        function = self._function(call)
        _upload(function, call.parameters)
        function.changed_at = call.at
        return self._described(function)

    def update_function_configuration(self, call: Call) -> Mapping[str, Any]:
        """Lambda UpdateFunctionConfiguration."""
        function = self._function(call)
        _configure(function, call.parameters)
        function.changed_at = call.at
        return self._described(function)

    def add_permission(self, call: Call) -> Mapping[str, Any]:
        """Lambda AddPermission: kept and shown; deliveries inside the drill do not ask for it."""
        function, asked = self._function(call), call.parameters
        if asked["StatementId"] in function.statements or len(function.statements) >= MAX_STATEMENTS:
            raise AwsError("ResourceConflictException", "The statement id provided already exists.", 409)
        statement = {
            "Sid": asked["StatementId"],
            "Effect": "Allow",
            "Principal": {"Service": asked["Principal"]},
            "Action": asked["Action"],
            "Resource": function.arn,
        }
        if "SourceArn" in asked:
            statement["Condition"] = {"ArnLike": {"AWS:SourceArn": asked["SourceArn"]}}
        function.statements[asked["StatementId"]] = statement
        return {"Statement": json.dumps(statement)}

    def get_policy(self, call: Call) -> Mapping[str, Any]:
        """Lambda GetPolicy."""
        function = self._function(call)
        if not function.statements:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": list(function.statements.values())}
        return {"Policy": json.dumps(policy), "RevisionId": _revision(function)}

    async def invoke(self, call: Call) -> Mapping[str, Any]:
        """Lambda Invoke: `RequestResponse` waits for the answer, `Event` does not, `DryRun` only looks."""
        function, asked = self._function(call), call.parameters
        try:
            event = json.loads(asked.get("Payload") or b"{}")
        except ValueError:
            raise AwsError(
                "InvalidRequestContentException", "Could not parse request body into json.", 400
            ) from None
        kind = asked.get("InvocationType", "RequestResponse")
        if kind == "DryRun":
            return {"StatusCode": 204}
        if kind == "Event":
            self.run(function.name, event)
            return {"StatusCode": 202}
        told: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        try:
            result = self._start(function, event if isinstance(event, dict) else {"event": event})
            told["Payload"] = json.dumps(await result if inspect.isawaitable(result) else result).encode()
        except AwsError as error:
            if error.status in (429, 501):
                raise
            failure = {"errorMessage": error.message, "errorType": error.code}
            told |= {"FunctionError": "Unhandled", "Payload": json.dumps(failure).encode()}
        if asked.get("LogType") == "Tail":
            told["LogResult"] = base64.b64encode(self._tail(function).encode()).decode()
        return told

    def _start(
        self, function: Function, event: Mapping[str, Any]
    ) -> Mapping[str, Any] | Awaitable[Mapping[str, Any]]:
        behaviour = self.behaviours.get(function.name)
        if behaviour is None:
            raise not_built(f"the code of function {function.name}")
        log = self._log_of(function)
        fault = self.faults.get(function.name)
        if fault is not None:
            refusal = _refusal(fault, function.timeout_s)
            log(f"ERROR {refusal.code}: {refusal.message}")
            raise refusal
        log(f"START RequestId: {uuid.uuid4()} Version: $LATEST")
        role = function.role.rpartition("/")[2]
        caller = f"arn:aws:sts::{self._place.account}:assumed-role/{role}/{function.name}"
        return behaviour(event, Context(function.environment, caller, log))

    def _log_of(self, function: Function) -> Callable[[str], None]:
        return lambda text: self._logs.write(f"/aws/lambda/{function.name}", text)

    def _tail(self, function: Function) -> str:
        return "\n".join(self._logs.last(f"/aws/lambda/{function.name}", 20))

    def _function(self, call: Call) -> Function:
        name = _short(call.parameters["FunctionName"])
        if name not in self._functions:
            arn = self._place.arn("lambda", f"function:{name}")
            raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404)
        return self._functions[name]

    def _described(self, function: Function) -> dict[str, Any]:
        told: dict[str, Any] = {
            "FunctionName": function.name,
            "FunctionArn": function.arn,
            "Runtime": function.runtime,
            "Role": function.role,
            "Handler": function.handler,
            "CodeSize": function.code_size,
            "CodeSha256": function.code_digest,
            "Description": function.description,
            "Timeout": function.timeout_s,
            "MemorySize": function.memory_mb,
            "LastModified": function.changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            "Version": "$LATEST",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "RevisionId": _revision(function),
        }
        return told | ({"Environment": {"Variables": function.environment}} if function.environment else {})


async def _finish(result: Awaitable[Mapping[str, Any]]) -> None:
    await result


def _short(name: str) -> str:
    """The name of a function that was given by name, ARN or partial ARN, with or without a version."""
    if ":function:" in name:
        name = name.partition(":function:")[2]
    return name.partition(":")[0]


def _configure(function: Function, asked: Mapping[str, Any]) -> None:
    function.runtime = asked.get("Runtime", function.runtime)
    function.handler = asked.get("Handler", function.handler)
    function.description = asked.get("Description", function.description)
    function.timeout_s = asked.get("Timeout", function.timeout_s)
    function.memory_mb = asked.get("MemorySize", function.memory_mb)
    function.role = asked.get("Role", function.role)
    if len(str(asked.get("Environment", {}))) > MAX_ENVIRONMENT:
        raise AwsError("InvalidParameterValueException", "The environment variables are too large.", 400)
    if "Environment" in asked:
        function.environment = dict(asked["Environment"].get("Variables", {}))


def _upload(function: Function, code: Mapping[str, Any]) -> None:
    content = code.get("ZipFile", b"")
    function.code_size = len(content)
    function.code_digest = base64.b64encode(hashlib.sha256(content).digest()).decode()


def _revision(function: Function) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{function.arn}{function.changed_at.isoformat()}"))


def _refusal(kind: FunctionFaultKind, timeout_s: int) -> AwsError:
    """How a function that fails ends; a throttled call is an error of the interface itself."""
    if kind == "throttle":
        return AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
    if kind == "timeout":
        return AwsError("Sandbox.Timedout", f"Task timed out after {timeout_s:.2f} seconds", 200)
    return AwsError("KeyError", "'Records'", 200)

"""Every changing call of the permission tables leaves exactly once when no answer comes, counted at the server."""

import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from cockpit.actions import aws
from cockpit.actions.aws import AwsClients, is_read, sent
from cockpit.actions.contract import EffectUnknown
from cockpit.profile import Aws, Profile
from cockpit.ses.permissions import PROVISION, REMEDIATE, calls_of

CALLS = sorted(
    {
        (call.service, call.operation)
        for role in (REMEDIATE, PROVISION)
        for call in calls_of(role)
        if not is_read(call.service, call.operation) and call.operation not in ("Query", "Scan")
    }
)


class Deaf(socketserver.ThreadingTCPServer):
    """Counts requests by what they carry in their user agent, and then does what `answer` says."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: bytes | None = b""
        self.arrived: Counter[str] = Counter()
        self.awake = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: Deaf

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
            if line.lower().startswith(b"expect:"):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        said = head.decode("latin-1")
        self.server.arrived[said.partition("x-called: ")[2].partition("\r\n")[0]] += 1
        if self.server.answer is None:
            self.server.awake.wait(5)
        elif self.server.answer:
            self.wfile.write(self.server.answer)
        self.request.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def deaf() -> Iterator[Deaf]:
    server = Deaf()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.awake.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def clients(deaf: Deaf) -> Iterator[dict[str, Any]]:
    """One changing client for each service, as a remedy gets it, with a short patience."""
    patch = pytest.MonkeyPatch()
    patch.setattr(aws, "READ_TIMEOUT_S", 0.03)
    place = Aws(region="ca-central-1", account="4" * 12, endpoint=deaf.url, access_key="a", secret_key="b")
    made = AwsClients(Profile(kind="drill", aws=place, loopback_only=True), "test")
    services = {service for service, _ in CALLS}
    yield {service: _named(made.changer(service, [name for _, name in CALLS])) for service in services}
    patch.undo()


def _named(client: Any) -> Any:
    """Each request says in a header which operation it is."""

    def name(request: Any, event_name: str, **_: Any) -> None:
        request.headers["x-called"] = event_name.rpartition(".")[2]

    client.meta.events.register("before-send.*.*", name)
    return client


def _filled(shape: Shape, url: str) -> Any:
    """The least that the SDK takes for a shape."""
    if isinstance(shape, StructureShape):
        return {name: _filled(shape.members[name], url) for name in shape.required_members}
    if isinstance(shape, ListShape):
        return [_filled(shape.member, url)]
    if isinstance(shape, MapShape):
        return {}
    plain = {"integer": 1, "long": 1, "boolean": True, "blob": b"x", "double": 1.0, "timestamp": 0}
    if shape.type_name in plain:
        return plain[shape.type_name]
    if shape.name == "QueueUrl" or "url" in shape.name.lower():
        return f"{url}/1/queue"
    return shape.enum[0] if getattr(shape, "enum", ()) else "x" * max(4, shape.metadata.get("min", 1))


SERVER_ERROR = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("answer", [None, b"", SERVER_ERROR], ids=["time-out", "cut", "503"])
def test_each_changing_call_arrives_once_and_is_told_as_unknown(
    deaf: Deaf, clients: dict[str, Any], answer: bytes | None
) -> None:
    deaf.arrived.clear()
    deaf.answer = answer
    for service, operation in CALLS:
        client = clients[service]
        shape = client.meta.service_model.operation_model(operation).input_shape
        given = _filled(shape, deaf.url) if shape is not None else {}
        call = getattr(client, xform_name(operation))
        outcome = sent(operation, lambda call=call, given=given: call(**given))  # type: ignore[misc]
        assert isinstance(outcome, EffectUnknown), (service, operation, outcome)
    wanted = Counter(operation for _, operation in CALLS)
    assert deaf.arrived == wanted
    assert len(CALLS) > 40


def test_a_reading_call_is_asked_again_which_is_what_a_changing_one_must_not_be(deaf: Deaf) -> None:
    deaf.arrived.clear()
    deaf.answer = SERVER_ERROR
    place = Aws(region="ca-central-1", account="4" * 12, endpoint=deaf.url, access_key="a", secret_key="b")
    reader = _named(AwsClients(Profile(kind="drill", aws=place, loopback_only=True), "test").reader("sesv2"))
    sent("GetAccount", reader.get_account)
    assert deaf.arrived == {"GetAccount": 3}

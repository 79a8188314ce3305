"""Changes that leave without AWS's SDK: sent exactly once whatever comes back, and never by who lost the lease."""

import base64
import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, BaseServer, ThreadingTCPServer
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cockpit.actions.certificates import acme
from cockpit.actions.certificates.acme import Acme
from cockpit.actions.contract import EffectUnknown
from cockpit.actions.dns.providers import cloud_dns, rfc2136
from cockpit.actions.dns.providers.cloud_dns import CloudDnsZone
from cockpit.actions.dns.providers.rfc2136 import UpdatedZone
from cockpit.actions.dns.record_state import Change
from cockpit.actions.fence import Fence, unfenced
from cockpit.config.dns_zone import DnsZone
from cockpit.health.zone_copy import RecordSet
from cockpit.probes.names.resolve import Addresses
from cockpit.profile import Profile, UpdateDoor
from storage.errors import LeaseHeld

CHANGES = [Change("a.shop.example", "A", None, RecordSet("a.shop.example", "A", 60, ("192.0.2.7",)))]
TOO_SHORT_S = 0.05
TIME_OUT, CUT, BROKEN = "time-out", "cut", "503"
Send = Callable[[Fence], Any]


class Doors:
    """What arrived at the three servers, and what they do with a change."""

    def __init__(self) -> None:
        self.arrived: Counter[str] = Counter()
        self.does = TIME_OUT
        self.awake = threading.Event()


def _lost() -> None:
    raise LeaseHeld("target/shop.example was taken over.")


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    yield (found := Doors())
    found.awake.set()


@pytest.fixture(params=["dynamic update", "Cloud DNS", "ACME"])
def send(
    request: pytest.FixtureRequest, doors: Doors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Send]:
    """Sends one change through the door, under the fence that is given."""
    doors.arrived.clear()
    make = {"dynamic update": _updating, "Cloud DNS": _google, "ACME": _ordering}[request.param]
    server, sender = make(doors, tmp_path, monkeypatch)
    yield sender
    server.shutdown()
    server.server_close()


def _serve(server: BaseServer) -> None:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


def _updating(doors: Doors, _: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Send]:
    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            if self.request.recv(2):
                doors.arrived["change"] += 1
                if doors.does == TIME_OUT:
                    doors.awake.wait(5)

    patch.setattr(rfc2136, "TIMEOUT_S", TOO_SHORT_S)
    patch.setenv("TSIG_SECRET", base64.b64encode(b"k" * 32).decode())
    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    _serve(server)
    door = UpdateDoor(
        zone="shop.example.", server="ns1.", address="127.0.0.1", port=server.server_address[1],
        key_name="operator", key="env:TSIG_SECRET",
    )  # fmt: skip
    return server, lambda fence: UpdatedZone(Profile(loopback_only=True), door, fence=fence).send(CHANGES)


def _google(doors: Doors, _: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Send]:
    patch.setattr(cloud_dns, "TIMEOUT", httpx.Timeout(TOO_SHORT_S))
    patch.setenv("GOOGLE_TOKEN", "token-of-the-test")
    server = _http(doors, lambda _: None)
    _serve(server)
    zone = DnsZone(
        zone="shop.example", provider="google", project="acme", managed_zone="shop-zone", key="env:GOOGLE_TOKEN",
        url=f"http://127.0.0.1:{server.server_port}",
    )  # fmt: skip
    return server, lambda fence: CloudDnsZone(Profile(loopback_only=True), zone, fence=fence).send(CHANGES)


def _ordering(doors: Doors, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Send]:
    """An authority behind TLS that registers accounts, and then does with orders what `doors` says."""

    def answer(path: str) -> Any:
        kinds = ("newNonce", "newAccount", "newOrder")
        return {kind: f"https://ca.example/{kind}" for kind in kinds} if path != "/newOrder" else None

    async def found(*_: object) -> Addresses:
        return Addresses(("203.0.113.9",))

    server = _http(doors, answer)
    certificate, key = _certificate()
    held = folder / "server.pem"
    held.write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(held)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    _serve(server)
    patch.setattr(acme, "resolve", found)
    profile = Profile(
        acme="https://ca.example/directory",
        ca_pem=certificate.decode(),
        dial={"203.0.113.9:443": f"127.0.0.1:{server.server_port}"},
    )
    client = Acme(profile, folder / "keys")
    # The account is there; the patience is short for the order alone.
    client._register()
    patch.setattr(acme, "TIMEOUT_S", 4 * TOO_SHORT_S)

    def order(fence: Fence) -> None:
        client._fence = fence
        client.new_order(["shop.example"])

    return server, order


def _certificate() -> tuple[bytes, bytes]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ca.example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("ca.example")]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), private


def _http(doors: Doors, answer: Callable[[str], Any]) -> ThreadingHTTPServer:
    """Answers what `answer` knows; everything else that is posted is a change."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

        def do_GET(self) -> None:
            self._say(200, answer(self.path))

        do_HEAD = do_GET

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if (known := answer(self.path)) is not None:
                self._say(201, known)
                return
            doors.arrived["change"] += 1
            if doors.does == TIME_OUT:
                doors.awake.wait(5)
            elif doors.does == BROKEN:
                self._say(503, {"type": "urn:ietf:params:acme:error:serverInternal", "error": {"message": "no"}})
            self.close_connection = True

        def _say(self, status: int, told: Any) -> None:
            said = json.dumps(told).encode()
            self.send_response(status)
            for name, value in (("replay-nonce", "n"), ("location", "https://ca.example/1")):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


@pytest.mark.parametrize("does", [TIME_OUT, CUT, BROKEN])
def test_a_change_arrives_once_and_is_told_as_unknown(doors: Doors, send: Send, does: str) -> None:
    doors.does = does
    with pytest.raises(EffectUnknown):
        send(unfenced)
    assert doors.arrived == {"change": 1}


def test_who_lost_the_lease_while_it_connected_sends_nothing(doors: Doors, send: Send) -> None:
    doors.does = CUT
    with pytest.raises(LeaseHeld):
        send(_lost)
    assert doors.arrived == {}
    with pytest.raises(EffectUnknown):
        send(unfenced)
    assert doors.arrived == {"change": 1}

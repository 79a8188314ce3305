"""Each provider against a server that is not ours: BIND, moto, and Cloud DNS as its reference writes it down."""

import base64
import json
import secrets
import shutil
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import dns.exception
import dns.message
import dns.query
from cockpit.actions.aws import AwsClients
from cockpit.actions.contract import EffectRefused, EffectUnknown
from cockpit.actions.dns.providers.by_hand import ZoneByHand
from cockpit.actions.dns.providers.cloud_dns import CloudDnsZone
from cockpit.actions.dns.providers.rfc2136 import UpdatedZone
from cockpit.actions.dns.providers.route53 import find_zone
from cockpit.actions.dns.providers.written import written
from cockpit.actions.dns.published import Published
from cockpit.actions.dns.record_state import Change, record_set
from cockpit.config.dns_zone import DnsZone
from cockpit.errors import ConfigError, ReadOnly, WorldError, WrongIdentity
from cockpit.probes.names.answer import AUTHORITATIVE, Answer, Server
from cockpit.profile import Aws, Profile, UpdateDoor
from tests.actions.conftest import LocalWorld

OLD = record_set("www.shop.example", "A", 300, ["192.0.2.1"])
NEW = record_set("www.shop.example", "A", 60, ["192.0.2.2", "192.0.2.3"])
MADE = record_set("new.shop.example", "TXT", 120, ['a text, with; all \\"kinds\\" of marks'])
ALIAS = record_set("old.shop.example", "CNAME", 60, ["www.shop.example."])
CHANGES = (
    Change("www.shop.example", "A", OLD, NEW),
    Change("new.shop.example", "TXT", None, MADE),
    Change("old.shop.example", "CNAME", ALIAS, None),
)
KEYS = [change.key for change in CHANGES]


# BIND


class Bind:
    """named on a free loopback port, with one zone that a TSIG key may update."""

    def __init__(self, folder: Path, secret: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        zone = folder / "shop.example.zone"
        zone.write_text(
            "$TTL 300\n@ IN SOA ns1 admin 1 3600 600 86400 30\n@ IN NS ns1\nns1 IN A 127.0.0.1\n"
            "www IN A 192.0.2.1\nold 60 IN CNAME www\n"
        )
        (folder / "named.conf").write_text(
            f'key "operator" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'
            f'options {{ directory "{folder}"; listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6'
            " { none; };"
            f" recursion no; dnssec-validation no; pid-file none; session-keyfile none; }};\ncontrols {{ }};\n"
            f'zone "shop.example" {{ type primary; file "{zone}"; allow-update {{ key operator; }};'
            " allow-transfer { key operator; }; };\n"
        )
        named = shutil.which("named") or "/usr/sbin/named"
        self.process = subprocess.Popen(
            [named, "-g", "-c", str(folder / "named.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def ready(self) -> bool:
        asked = dns.message.make_query("shop.example", "SOA")
        for _ in range(200):
            try:
                if dns.query.udp(asked, "127.0.0.1", port=self.port, timeout=0.2).answer:
                    return True
            except (OSError, dns.exception.DNSException):
                threading.Event().wait(0.05)
        return False

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def bind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UpdatedZone]:
    if not (shutil.which("named") or Path("/usr/sbin/named").exists()):
        pytest.skip("named is not installed")
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    monkeypatch.setenv("TSIG_SECRET", secret)
    tmp_path.chmod(0o755)
    server = Bind(tmp_path, secret)
    try:
        assert server.ready(), "named never answered"
        yield UpdatedZone(Profile(loopback_only=True), _door(server.port))
    finally:
        server.close()


def _door(port: int, key: str = "env:TSIG_SECRET", name: str = "operator") -> UpdateDoor:
    return UpdateDoor(
        zone="shop.example.", server="ns1.shop.example.", address="127.0.0.1", port=port, key_name=name, key=key
    )


@pytest.mark.peer
def test_bind_takes_the_update_whole_and_gives_back_exactly_what_was_there(bind: UpdatedZone) -> None:
    before = dict(bind.everything())
    assert bind.records(KEYS) == {KEYS[0]: OLD, KEYS[1]: None, KEYS[2]: ALIAS}
    assert bind.send(CHANGES) == "ns1.shop.example made 3 changes"
    assert bind.records(KEYS) == {KEYS[0]: NEW, KEYS[1]: MADE, KEYS[2]: None}
    bind.send([change.back for change in CHANGES])
    after = dict(bind.everything())
    soa = ("shop.example", "SOA")
    assert {key: each for key, each in after.items() if key != soa} == {
        key: each for key, each in before.items() if key != soa
    }


@pytest.mark.peer
def test_bind_refuses_what_was_changed_meanwhile_and_changes_nothing(bind: UpdatedZone) -> None:
    bind.send([Change(*KEYS[0], OLD, NEW)])
    for stale in (CHANGES, [Change(*KEYS[0], None, OLD)], [Change(*KEYS[2], None, ALIAS)]):
        with pytest.raises(EffectRefused) as refused:
            bind.send(stale)
        assert refused.value.code == "CHANGED_SINCE"
    assert bind.records(KEYS) == {KEYS[0]: NEW, KEYS[1]: None, KEYS[2]: ALIAS}


@pytest.mark.peer
def test_bind_refuses_a_wrong_key_and_that_is_proof_of_no_effect(
    bind: UpdatedZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", base64.b64encode(b"another key that nobody has made").decode())
    for door in (_door(bind._door.port, "env:OTHER"), _door(bind._door.port, name="nobody")):
        with pytest.raises(EffectRefused) as refused:
            UpdatedZone(Profile(loopback_only=True), door).send(CHANGES)
        assert refused.value.code == "NOTAUTH"
    assert bind.records(KEYS)[KEYS[0]] == OLD


def test_a_server_that_cannot_be_reached_has_seen_nothing_and_one_that_hangs_up_may_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TSIG_SECRET", base64.b64encode(b"k" * 32).decode())
    listening = socket.create_server(("127.0.0.1", 0))
    port = int(listening.getsockname()[1])

    def hang_up() -> None:
        connection, _ = listening.accept()
        connection.recv(10)
        connection.close()

    thread = threading.Thread(target=hang_up)
    thread.start()
    with pytest.raises(EffectUnknown):
        UpdatedZone(Profile(), _door(port)).send(CHANGES)
    thread.join(5)
    listening.close()
    with pytest.raises(EffectRefused) as refused:
        UpdatedZone(Profile(), _door(port)).send(CHANGES)
    assert refused.value.code == "UNREACHABLE"


def test_a_read_only_update_door_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("a connection was made"))
    with pytest.raises(ReadOnly):
        UpdatedZone(Profile(), _door(53), read_only=True).send(CHANGES)


# Route 53


@pytest.fixture
def hosted() -> Iterator[AwsClients]:
    moto = pytest.importorskip("moto")
    pytest.importorskip("flask")
    from moto.server import ThreadedMotoServer

    assert moto
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST"), timeout=5).close()
    aws = Aws(region="ca-central-1", account="123456789012", endpoint=url, access_key="a", secret_key="b")
    clients = AwsClients(Profile(aws=aws, loopback_only=True), "test")
    changer = clients.changer("route53", ("CreateHostedZone",))
    changer.create_hosted_zone(Name="shop.example.", CallerReference=secrets.token_hex(4))
    zone = find_zone(clients, "www.shop.example")
    zone.send([Change(*KEYS[0], None, OLD), Change(*KEYS[2], None, ALIAS)])
    yield clients
    server.stop()


def test_route53_as_moto_has_it_takes_a_batch_whole_and_gives_it_back(hosted: AwsClients) -> None:
    zone = find_zone(hosted, "www.shop.example")
    assert zone.whereabouts().account == "123456789012"
    # moto takes no CREATE that it has seen before, even of what was deleted since.
    two = CHANGES[:2]
    before = dict(zone.everything())
    zone.send(two)
    assert zone.settled() in ("", "Route 53 says PENDING")
    assert zone.records(KEYS) == {KEYS[0]: NEW, KEYS[1]: MADE, KEYS[2]: ALIAS}
    zone.send([change.back for change in two])
    assert dict(zone.everything()) == before


def test_route53_as_moto_has_it_is_not_asked_to_overwrite_what_was_changed(hosted: AwsClients) -> None:
    zone = find_zone(hosted, "www.shop.example")
    zone.send([Change(*KEYS[0], OLD, NEW)])
    with pytest.raises(EffectRefused) as refused:
        zone.send(CHANGES)
    assert refused.value.code == "CHANGED_SINCE"
    with pytest.raises(WorldError):
        zone.send([Change("www.pay.example", "A", None, OLD)])


# Cloud DNS


class CloudDns:
    """projects.managedZones, changes and resourceRecordSets of dns/v1, as the reference describes them."""

    def __init__(self) -> None:
        self.sets: dict[tuple[str, str], dict[str, Any]] = {}
        self.changes: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.tokens: list[str] = []
        self.posts = 0
        for record in (OLD, ALIAS):
            self._put(_rrset(record))

    def _put(self, rrset: dict[str, Any]) -> None:
        self.sets[rrset["name"], rrset["type"]] = rrset

    def get(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if path.endswith("/managedZones/shop-zone"):
            return 200, {"kind": "dns#managedZone", "name": "shop-zone", "dnsName": "shop.example."}
        if path.endswith("/rrsets"):
            found = [
                each
                for each in self.sets.values()
                if all(each[name] in values for name, values in query.items() if name in ("name", "type"))
            ]
            start = int(query.get("pageToken", ["0"])[0])
            page: dict[str, Any] = {"rrsets": found[start : start + 1]}
            if start + 1 < len(found):
                page["nextPageToken"] = str(start + 1)
            return 200, page
        if "/changes/" in path:
            return 200, {"id": path.rsplit("/", 1)[1], "status": "done"}
        return 404, {"error": {"code": 404, "message": "not found"}}

    def post(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.posts += 1
        if self.answers:
            return self.answers.pop(0), {"error": {"message": "told to"}}
        for gone in body.get("deletions", ()):
            held = self.sets.get((gone["name"], gone["type"]))
            if held is None or (held["ttl"], sorted(held["rrdatas"])) != (gone["ttl"], sorted(gone["rrdatas"])):
                return 412, {"error": {"message": "Precondition not met for 'entity.change.deletions[0]'"}}
        left = {key for key in self.sets} - {(each["name"], each["type"]) for each in body.get("deletions", ())}
        for made in body.get("additions", ()):
            if (made["name"], made["type"]) in left:
                return 409, {"error": {"message": "The resource 'entity.change.additions[0]' already exists"}}
        for gone in body.get("deletions", ()):
            del self.sets[gone["name"], gone["type"]]
        for made in body.get("additions", ()):
            self._put(made)
        self.changes.append(body)
        return 200, {"kind": "dns#change", "id": str(len(self.changes)), "status": "pending"}


def _rrset(record: Any) -> dict[str, Any]:
    return {"name": f"{record.name}.", "type": record.type, "ttl": record.ttl_s, "rrdatas": list(record.values)}


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[CloudDns, CloudDnsZone]]:
    state = CloudDns()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._say(*state.get(parts.path, parse_qs(parts.query)))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = state.post(body)
            if status == 0:
                self.connection.close()
                return
            self._say(status, answer)

        def _say(self, status: int, answer: Any) -> None:
            state.tokens.append(self.headers.get("Authorization", ""))
            said = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    monkeypatch.setenv("GOOGLE_TOKEN", "token-of-the-test")
    yield state, CloudDnsZone(Profile(loopback_only=True), _google(f"http://127.0.0.1:{server.server_port}"))
    server.shutdown()
    server.server_close()
    thread.join(5)


def _google(url: str) -> DnsZone:
    return DnsZone(
        zone="shop.example",
        provider="google",
        project="acme",
        managed_zone="shop-zone",
        key="env:GOOGLE_TOKEN",
        url=url,
    )


def test_cloud_dns_takes_a_change_whole_and_gives_it_back(google: tuple[CloudDns, CloudDnsZone]) -> None:
    state, zone = google
    before = json.dumps(state.sets["www.shop.example.", "A"])
    assert zone.whereabouts().account == "acme"
    assert zone.records(KEYS) == {KEYS[0]: OLD, KEYS[1]: None, KEYS[2]: ALIAS}
    zone.send(CHANGES)
    assert zone.settled() == ""
    assert set(zone.everything()) == {KEYS[0], KEYS[1]}
    zone.send([change.back for change in CHANGES])
    assert json.dumps(state.sets["www.shop.example.", "A"]) == before
    assert set(state.tokens) == {"Bearer token-of-the-test"}
    assert "token-of-the-test" not in json.dumps(zone.request(CHANGES))


def test_cloud_dns_refusals_are_proof_and_everything_else_is_doubt_and_sent_once(
    google: tuple[CloudDns, CloudDnsZone],
) -> None:
    state, zone = google
    stale = [Change(*KEYS[0], NEW, OLD)]
    with pytest.raises(EffectRefused) as refused:
        zone.send(stale)
    assert refused.value.code == "CHANGED_SINCE"
    for status, doubt in ((403, False), (429, False), (500, True), (503, True), (0, True)):
        state.answers, posts = [status], state.posts
        with pytest.raises(EffectUnknown if doubt else EffectRefused):
            zone.send(CHANGES)
        assert state.posts == posts + 1
    assert state.changes == []


def test_cloud_dns_of_another_name_or_outside_the_profile_is_refused(google: tuple[CloudDns, CloudDnsZone]) -> None:
    _, zone = google
    zone.zone = "pay.example"
    with pytest.raises(WrongIdentity):
        zone.whereabouts()
    with pytest.raises(ConfigError, match="outside the profile"):
        CloudDnsZone(Profile(loopback_only=True), _google("https://dns.googleapis.com")).whereabouts()
    with pytest.raises(ReadOnly):
        CloudDnsZone(Profile(), _google("https://dns.googleapis.com"), read_only=True).send(CHANGES)


# By hand


def test_a_change_is_written_in_every_form_that_people_paste(tmp_path: Path) -> None:
    told = written(CHANGES, "shop.example")
    assert told["zone file"].splitlines()[-1] == "www.shop.example. 60 IN A 192.0.2.3"
    assert "; remove: www.shop.example. 300 IN A 192.0.2.1" in told["zone file"]
    assert told["nsupdate"].splitlines()[:3] == [
        "zone shop.example.",
        "prereq yxrrset www.shop.example. A 192.0.2.1",
        "prereq nxrrset new.shop.example. TXT",
    ]
    batch = json.loads(told["route53"])
    assert [each["Action"] for each in batch["Changes"]] == ["DELETE", "DELETE", "CREATE", "CREATE"]
    assert 'resource "aws_route53_record" "www_shop_example_a"' in told["terraform"]
    assert "# remove the resource for old.shop.example CNAME" in told["terraform"]


def test_a_zone_by_hand_is_read_where_all_name_servers_agree_and_sends_nothing() -> None:
    def server(name: str, *values: str, status: str = "answer") -> Answer:
        place = Server(name, "192.0.2.1", 53, AUTHORITATIVE)
        return Answer(place, "www.shop.example", "A", status, values=values, ttl_s=60)

    seen = [server("ns1", "192.0.2.1"), server("ns2", "192.0.2.1")]

    def look(profile: Profile, domain: str, questions: Any) -> list[Published]:
        return [Published("www.shop.example", "A", tuple(seen), ())]

    zone = ZoneByHand(Profile(), "shop.example", look_up=look)
    key = ("www.shop.example", "A")
    found = zone.records([key])[key]
    assert found is not None
    assert found.values == ("192.0.2.1",)
    seen[1] = server("ns2", "192.0.2.9")
    with pytest.raises(WorldError, match="differ"):
        zone.records([key])
    seen[1] = server("ns2", status="timeout")
    with pytest.raises(WorldError, match="does not answer"):
        zone.records([key])
    assert zone.send(CHANGES).startswith("handed to a person")


def test_every_zone_of_the_drill_has_a_way(world: LocalWorld) -> None:
    from cockpit.actions.cards import Access
    from cockpit.actions.contract import Request
    from cockpit.actions.dns.providers.choosing import provider_for

    access = Access(world.profile, AwsClients(world.profile, "test"))
    asked = Request(remedy="dns.publish", target="x", parameters={})
    found = {
        name: provider_for(name, access, asked).name
        for name in ("www.shop.example", "pay.example", "example", "www.elsewhere.test")
    }
    assert found == {
        "www.shop.example": "Route 53",
        "pay.example": "Route 53",
        "example": "dynamic update",
        "www.elsewhere.test": "by hand",
    }
    assert provider_for("pay.example", access, asked, parent=True).zone == "example"

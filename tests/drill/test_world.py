"""Whole worlds: healthy at the start, broken by the scenario, repaired over real protocols, judged by itself."""

import base64
import os
import random
import shutil
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.protocol.wire import Call
from cockpit.drill.aws.ses.dkim import spki
from cockpit.drill.dns import has_ipv6_loopback
from cockpit.drill.estate.baseline import PreparedKey, easy_tokens
from cockpit.drill.estate.provision import provision
from cockpit.drill.judging.claims import Claims
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.drill.scenario import load_scenario, parse_inject
from cockpit.drill.vocabulary import AnyInject
from cockpit.drill.web.web_access import HostedSites
from cockpit.drill.world import World
from cockpit.errors import NotFound
from cockpit.profile import Profile
from tests.drill.conftest import ask
from tests.drill.scenarios.stage import Stage, staged

PRIMARY = "203.0.113.1"
SIX_ALARMS = (
    "ses-high-bounce-rate-CRITICAL",
    "ses-high-complaint-rate-CRITICAL",
    "ses-bounce-rate-warning",
    "ses-complaint-rate-warning",
    "ses-email-failure-rate-high",
    "ses-suppressed-emails-detected",
)
"""Those of the SES compliance deployment."""
Client = Callable[[Profile, str], Any]


@pytest.fixture(scope="module")
def prepared() -> PreparedKey:
    return PreparedKey()


def test_the_healthy_world_is_green_wherever_one_looks(world: LaunchedWorld, client: Client) -> None:
    profile = world.profile
    ses = client(profile, "sesv2")
    for identity in ses.list_email_identities()["EmailIdentities"]:
        name = identity["IdentityName"]
        dkim = ses.get_email_identity(EmailIdentity=name)["DkimAttributes"]
        assert (dkim["Status"], dkim["SigningAttributesOrigin"]) == ("SUCCESS", "AWS_SES")
        for token in dkim["Tokens"]:
            pointer = ask(profile, PRIMARY, f"{token}._domainkey.{name}", "CNAME")
            assert f"{token}.{dkim['SigningHostedZone']}." in pointer.answer[0].to_text()
        for resolver in (*profile.resolvers, *profile.further_resolvers[:1]):
            answer = ask(profile, resolver.address, f"{dkim['Tokens'][0]}._domainkey.{name}", "TXT")
            assert any(rrset.rdtype == dns.rdatatype.TXT for rrset in answer.answer)
    assert ses.get_account()["EnforcementStatus"] == "HEALTHY"
    alarms = client(profile, "cloudwatch").describe_alarms()["MetricAlarms"]
    assert {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms} == dict.fromkeys(SIX_ALARMS, "OK")


def test_hosts_serve_https_that_the_drill_authority_vouches_for(world: LaunchedWorld) -> None:
    profile = world.profile
    context = ssl.create_default_context(cadata=profile.ca_pem)
    for host, address in (("www.shop.example", "203.0.113.10"), ("api.example", "203.0.113.40")):
        published = ask(profile, profile.resolvers[0].address, host, "A").answer[0]
        assert address in published.to_text()
        with (
            socket.create_connection(profile.dialled(address, 443), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=host) as secure,
        ):
            secure.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            assert secure.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no IPv6 loopback")
@pytest.mark.parametrize(
    ("host", "address"), [("app.example", "2001:db8:60::1"), ("admin.example", "2001:db8:50::1")]
)
def test_hosts_of_both_families_are_served_over_ipv6_too(world: LaunchedWorld, host: str, address: str) -> None:
    profile = world.profile
    published = ask(profile, profile.resolvers[0].address, host, "AAAA").answer[0]
    assert [rdata.address for rdata in published if rdata.rdtype == dns.rdatatype.AAAA] == [address]
    context = ssl.create_default_context(cadata=profile.ca_pem)
    place, port = profile.dialled(address, 443)
    assert place == "::1"
    with (
        socket.create_connection((place, port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname=host) as secure,
    ):
        secure.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert secure.recv(4096).startswith(b"HTTP/1.1 200")


def test_the_prepared_key_in_s3_is_the_one_that_is_published(world: LaunchedWorld, client: Client) -> None:
    profile = world.profile
    s3 = client(profile, "s3")
    pem = s3.get_object(Bucket="acme-dkim", Key="dkim-certificates/shop.example/s2026b/private_key.pem")
    assert _public(pem["Body"].read()) == _published(profile, "s2026b._domainkey.shop.example")
    listed = s3.list_objects_v2(Bucket="acme-dkim", Prefix="dns_records/shop.example/")["Contents"]
    assert [item["Key"] for item in listed] == ["dns_records/shop.example/s2026b.json"]


def test_the_same_seed_lays_the_same_tokens() -> None:
    assert easy_tokens(random.Random(3)) == easy_tokens(random.Random(3))
    assert easy_tokens(random.Random(3)) != easy_tokens(random.Random(4))


def test_dkim_missing_is_seen_repaired_and_believed(tmp_path: Path, prepared: PreparedKey) -> None:
    with staged("dkim-missing", tmp_path, prepared) as stage:
        ses = stage.aws("sesv2")
        token = _dkim(ses)["Tokens"][0]
        stage.break_it()
        assert (
            ask(stage.profile, PRIMARY, f"{token}._domainkey.shop.example", "CNAME").rcode() == dns.rcode.NXDOMAIN
        )
        detected_at = stage.world.clock.now()
        stage.until(lambda: _dkim(ses)["Status"] == "TEMPORARY_FAILURE")
        info = ses.get_email_identity(EmailIdentity="shop.example")["VerificationInfo"]
        assert info["ErrorType"] == "HOST_NOT_FOUND"
        assert not stage.restored
        _post(stage.profile, "We are looking at the mail of shop.example.")
        _move_to_prepared_key(stage)
        assert _dkim(ses)["Status"] == "PENDING"
        assert not stage.restored
        stage.until(lambda: _dkim(ses)["Status"] == "SUCCESS", every=0.1)
        stage.until(lambda: stage.restored)
        _canary(ses)
        claims = Claims(
            incident="INC-1",
            severity="P2",
            detected_at=detected_at,
            acknowledged_at=detected_at,
            resolved_at=stage.world.clock.now(),
            roles={"TL": detected_at, "CL": detected_at},
            participants=("mhassan",),
        )
        report = stage.inside(lambda: stage.world.report(claims))
    assert "**Score:** 100 of 100" in report
    assert "| sesv2 PutEmailIdentityDkimSigningAttributes (" in report
    assert "right" in report
    assert "missed" not in report
    assert "failed after: 0:30:00" in report
    assert "PRIVATE KEY" not in report
    assert "[rating 1-5]" in report


def test_publishing_the_record_again_restores_the_world_too(tmp_path: Path, prepared: PreparedKey) -> None:
    with staged("dkim-missing", tmp_path, prepared) as stage:
        stage.break_it()
        token = _dkim(stage.aws("sesv2"))["Tokens"][0]
        route53 = stage.aws("route53")
        zone = route53.list_hosted_zones_by_name(DNSName="shop.example", MaxItems="1")["HostedZones"][0]["Id"]
        record = {
            "Name": f"{token}._domainkey.shop.example",
            "Type": "CNAME",
            "TTL": 60,
            "ResourceRecords": [{"Value": f"{token}.dkim.amazonses.com"}],
        }
        route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        )
        stage.until(lambda: stage.restored)
        report = stage.inside(lambda: stage.world.report(Claims()))
    assert "Signing was moved to the prepared key | missing" in report
    assert f"Route 53: {token}._domainkey.shop.example. CNAME is {token}.dkim.amazonses.com." in report


def test_a_bad_run_scores_badly_for_the_right_reasons(tmp_path: Path, prepared: PreparedKey) -> None:
    with staged("dkim-missing", tmp_path, prepared) as stage:
        stage.break_it()
        ses = stage.aws("sesv2")
        ses.put_email_identity_dkim_attributes(EmailIdentity="shop.example", SigningEnabled=False)
        ses.put_account_sending_attributes(SendingEnabled=False)
        claims = Claims(severity="P2", resolved_at=stage.world.clock.now())
        report = stage.inside(lambda: stage.world.report(claims))
    assert "**Score:** 0 of 100" in report
    assert report.count("dangerous: ") == 2
    assert "not restored at the end of the drill" in report
    assert "it was called resolved before the world was restored" in report
    assert "Signing was moved to the prepared key | missing" in report


def test_a_silent_resolver_is_a_false_alarm_that_one_leaves_alone(tmp_path: Path, prepared: PreparedKey) -> None:
    with staged("false-alarm", tmp_path, prepared) as stage:
        stage.break_it()
        assert not stage.restored
        stage.until(lambda: stage.restored)
        assert "✔ met" in stage.inside(lambda: stage.world.report(Claims()))
        stage.inject(do="dns-fault", server="cloudflare", kind="servfail")
        assert not stage.restored


def test_an_expired_certificate_is_served_until_a_good_one_is(tmp_path: Path, prepared: PreparedKey) -> None:
    with staged("certificate-expiry", tmp_path, prepared) as stage:
        stage.break_it()
        context = ssl.create_default_context(cadata=stage.profile.ca_pem)
        target = stage.profile.dialled("203.0.113.20", 443)
        with (
            socket.create_connection(target, timeout=5) as raw,
            pytest.raises(ssl.SSLCertVerificationError, match="expired"),
        ):
            context.wrap_socket(raw, server_hostname="www.pay.example")
        stage.inject(do="certificate", host="www.pay.example", kind="good")
        assert stage.restored


def test_the_bounce_ramp_is_seen_in_the_metrics_and_stopped_by_a_pause(
    tmp_path: Path, prepared: PreparedKey
) -> None:
    with staged("ses-bounce-ramp", tmp_path, prepared) as stage:
        cloudwatch = stage.aws("cloudwatch")
        stage.until(lambda: "ses-high-bounce-rate-CRITICAL" in _ringing(cloudwatch))
        assert stage.aws("sesv2").get_account()["EnforcementStatus"] in ("HEALTHY", "PROBATION")
        assert not stage.restored
        stage.aws("sesv2").put_configuration_set_sending_options(
            ConfigurationSetName="campaigns", SendingEnabled=False
        )
        stage.until(lambda: stage.restored)
        report = stage.inside(lambda: stage.world.report(Claims(severity="P1")))
    assert "CloudWatch: alarm ses-high-bounce-rate-CRITICAL OK -> ALARM" in report
    assert "(ConfigurationSetName campaigns, SendingEnabled False) | right |" in report


def test_each_of_the_six_alarms_rings_for_what_it_watches(tmp_path: Path, prepared: PreparedKey) -> None:
    with staged("all-quiet", tmp_path, prepared) as stage:
        cloudwatch = stage.aws("cloudwatch")
        assert _ringing(cloudwatch) == set()
        for quantity, level in (
            ("reputation-bounce", 0.06),
            ("reputation-complaint", 0.002),
            ("reject-fraction", 0.2),
            ("suppressed-fraction", 0.05),
        ):
            stage.inject(do="mail-ramp", quantity=quantity, to=level, over_s=1)
        stage.until(lambda: _ringing(cloudwatch) == set(SIX_ALARMS), minutes=120, every=20)


def test_a_stale_resolver_shows_the_old_address(tmp_path: Path, prepared: PreparedKey) -> None:
    with staged("all-quiet", tmp_path, prepared) as stage:
        addresses = {resolver.name: resolver.address for resolver in stage.profile.resolvers}

        def seen(server: str) -> str:
            return ask(stage.profile, server, "www.news.example", "A").to_text()

        for address in addresses.values():
            assert "203.0.113.30" in seen(address)
        stage.inject(do="dns-fault", server="opendns", kind="stale", under="news.example")
        stage.inject(do="dns-publish", name="www.news.example", type="A", values=["203.0.113.99"], ttl_s="60s")
        stage.until(lambda: "203.0.113.99" in seen(PRIMARY))
        stage.until(lambda: "203.0.113.99" in seen(addresses["google"]))
        assert "203.0.113.30" in seen(addresses["opendns"])


async def test_a_world_runs_in_process_and_its_oracle_can_be_asked() -> None:
    world = World(load_scenario("dkim-missing"), speed=1000, prepared=PreparedKey())
    await world.start()
    try:
        assert world.oracle("shop.example").verifiable
        world.clock.pause()
        while world._pending:
            world.inject(world._pending.pop(0))
        assert "no key is published" in world.oracle("shop.example").why
        assert world.oracle("pay.example").verifiable
        assert world.referee.broken_at is not None
    finally:
        await world.close()


_WORDS: tuple[dict[str, Any], ...] = (
    {"do": "dns-withdraw", "name": "www.shop.example", "type": "A"},
    {"do": "dns-publish", "name": "new.shop.example", "type": "TXT", "values": ["x"], "ttl_s": "30s"},
    {"do": "dkim-token-withdraw", "domain": "pay.example", "token": 2},
    {"do": "dns-fault", "server": "ns1.hosting.example", "kind": "refused", "under": "shop.example"},
    {"do": "dns-heal", "server": "ns1.hosting.example"},
    {"do": "dns-redelegate", "zone": "shop.example", "servers": ["ns1.hosting.example", "ns9.hosting.example"]},
    {"do": "dns-serve-stale", "resolver": "google"},
    {"do": "zone-take-down", "zone": "news.example"},
    {"do": "zone-empty", "zone": "app.example"},
    {"do": "dnssec-roll-key", "zone": "api.example"},
    {"do": "dnssec-flaw", "zone": "pay.example", "flaw": "expired"},
    {"do": "certificate", "host": "www.shop.example", "kind": "expiring", "days_left": 2},
    {"do": "host-fault", "host": "www.shop.example", "kind": "slow", "latency_s": 1},
    {"do": "host-heal", "host": "www.shop.example"},
    {"do": "certificate-revoke", "host": "www.pay.example"},
    {"do": "staple", "host": "www.pay.example", "kind": "stale"},
    {"do": "ocsp-fault", "kind": "try-later"},
    {"do": "acme-fault", "kind": "rate-limit"},
    {"do": "ct-misissue", "host": "www.shop.example"},
    {"do": "ct-revoke", "host": "www.shop.example"},
    {"do": "mail-ramp", "quantity": "complaint-fraction", "to": 0.01},
    {"do": "campaign", "configuration_set": "campaigns", "bounces": 0.1, "complaints": 0.01},
    {"do": "ses-enforcement", "status": "SHUTDOWN", "lifted_after_s": "5m"},
    {"do": "aws-fault", "kind": "throttle", "service": "sesv2", "times": 2},
    {"do": "aws-heal"},
    {"do": "session-expires"},
    {"do": "sink-fault", "sink": "chat", "kind": "error"},
    {"do": "sink-heal", "sink": "chat"},
    {"do": "aws-health", "code": "AWS_SES_OPERATIONAL_ISSUE", "text": "Elevated errors."},
    {"do": "aws-health-close", "code": "AWS_SES_OPERATIONAL_ISSUE"},
    {"do": "support-reply", "text": "We are looking into it."},
    {"do": "support-plan", "on": False},
    {"do": "queue-backlog", "messages": 3},
    {"do": "queue-poison", "kind": "cut-off"},
    {"do": "queue-duplicates", "messages": 2},
    {"do": "function-fault", "function": "ses-notification-handler", "kind": "timeout"},
    {"do": "function-heal", "function": "ses-notification-handler"},
    {"do": "target-fault", "host": "api.example"},
    {"do": "target-heal", "host": "api.example"},
    {"do": "s3-lose", "bucket": "acme-dkim", "key": "dns_records/shop.example/s2026b.json"},
)


def test_every_word_of_the_vocabulary_can_be_applied() -> None:
    world = World(load_scenario("all-quiet"))
    provision(world.account, HostedSites(world.hosts))
    world.account.support.create_case(
        Call("CreateCase", {"subject": "s", "communicationBody": "b"}, "", world.clock.now())
    )
    for word in _WORDS:
        world.inject(parse_inject(word), "facilitator")
    assert {word["do"] for word in _WORDS} == {kind.__struct_config__.tag for kind in get_args(AnyInject)}
    assert len(world.happenings.lines()) >= len(_WORDS)
    for condition in (v.RecordStands(name="www.shop.example", type="A"), v.HostGood(host="www.shop.example")):
        assert world.witness.holds(condition) is isinstance(condition, v.HostGood)


@pytest.mark.parametrize(
    "word",
    [
        {"do": "dkim-token-withdraw", "domain": "nobody.example"},
        {"do": "certificate", "host": "nobody.example", "kind": "good"},
        {"do": "s3-lose", "bucket": "acme-dkim", "key": "nothing"},
        {"do": "sink-fault", "sink": "fax", "kind": "error"},
        {"do": "dns-serve-stale", "resolver": "nobody"},
        {"do": "ct-misissue", "host": "nobody.example"},
        {"do": "staple", "host": "nobody.example", "kind": "good"},
        {"do": "dns-withdraw", "name": "nothing.shop.example", "type": "A"},
    ],
)
def test_what_the_world_does_not_have_cannot_be_broken(word: dict[str, Any]) -> None:
    world = World(load_scenario("all-quiet"))
    with pytest.raises(NotFound, match=r"There is no"):
        world.inject(parse_inject(word), "facilitator")
    assert world.began_at is None


@pytest.mark.peer
def test_the_aws_command_line_agrees(world: LaunchedWorld, tmp_path: Any) -> None:
    account = _aws_cli(world, "sesv2", "get-account", "--query", "EnforcementStatus", "--output", "text")
    assert account == "HEALTHY"
    arn = _aws_cli(world, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    assert arn == "arn:aws:sts::447112341123:assumed-role/ic-remediate/mhassan"
    names = _aws_cli(
        world, "sesv2", "list-email-identities", "--query", "EmailIdentities[].IdentityName", "--output", "text"
    )
    assert "shop.example" in names.split()
    record = tmp_path / "record.json"
    _aws_cli(world, "s3", "cp", "s3://acme-dkim/dns_records/shop.example/s2026b.json", str(record))
    assert "s2026b._domainkey.shop.example" in record.read_text()
    _aws_cli(world, "s3", "cp", str(record), "s3://acme-dkim/copy.json")
    assert "copy.json" in _aws_cli(world, "s3", "ls", "s3://acme-dkim/")
    zones = _aws_cli(world, "route53", "list-hosted-zones", "--query", "HostedZones[].Name", "--output", "text")
    assert "shop.example." in zones.split()
    metrics = _aws_cli(world, "cloudwatch", "list-metrics", "--namespace", "AWS/SES", "--output", "text")
    assert "Reputation.BounceRate" in metrics


def _aws_cli(world: LaunchedWorld, *arguments: str) -> str:
    """Run the aws CLI of whoever has one installed, pointed at the world and at nothing else."""
    program = shutil.which("aws")
    if program is None:
        pytest.skip("the aws command line is not installed")
    aws, trap = world.profile.aws, world.status()["trap"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    environment = {
        **kept,
        "AWS_ACCESS_KEY_ID": aws.access_key or "",
        "AWS_SECRET_ACCESS_KEY": aws.secret_key or "",
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HTTPS_PROXY": trap,
        "NO_PROXY": "127.0.0.1",
    }
    command = [program, "--endpoint-url", aws.endpoint or "", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _dkim(ses: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = ses.get_email_identity(EmailIdentity="shop.example")["DkimAttributes"]
    return attributes


def _ringing(cloudwatch: Any) -> set[str]:
    alarms = cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    return {alarm["AlarmName"] for alarm in alarms}


def _move_to_prepared_key(stage: Stage) -> None:
    """BYODKIM phase 7: the key from S3 as PKCS#1 DER in base64, then signing pointed at its selector."""
    stored = stage.aws("s3").get_object(
        Bucket="acme-dkim", Key="dkim-certificates/shop.example/s2026b/private_key.pem"
    )
    key = load_pem_private_key(stored["Body"].read(), None)
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    stage.aws("sesv2").put_email_identity_dkim_signing_attributes(
        EmailIdentity="shop.example",
        SigningAttributesOrigin="EXTERNAL",
        SigningAttributes={
            "DomainSigningSelector": "s2026b",
            "DomainSigningPrivateKey": base64.b64encode(der).decode(),
        },
    )


def _canary(ses: Any) -> None:
    ses.send_email(
        FromEmailAddress="canary@shop.example",
        Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "canary"}, "Body": {"Text": {"Data": "x"}}}},
    )


def _post(profile: Profile, text: str) -> None:
    assert profile.settings is not None
    url = profile.settings["chat_webhook"].removeprefix("url:")
    body = f'{{"text": "{text}"}}'.encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as response:
        assert response.read() == b"ok"


def _public(pem: bytes) -> str:
    key = load_pem_private_key(pem, None)
    assert pem.startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    return spki(key.public_key())


def _published(profile: Profile, name: str) -> str:
    rrset = ask(profile, PRIMARY, name, "TXT").answer[0]
    value = b"".join(rrset[0].strings).decode()
    return value.partition("p=")[2]

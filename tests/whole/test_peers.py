"""dig, openssl and the aws command line say of a served world what `cockpit check --json` says, well and broken."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.drill.process.launch import LaunchedWorld
from tests.whole.home import until
from tests.whole.place import Place, quick, served

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("whole")]

DOMAIN, HOST = "shop.example", "www.shop.example"
GONE_HOST = "api.pay.example"


@dataclass(frozen=True)
class Seen:
    """A world that stands still, how one check of it ended, and every observation of that check."""

    world: LaunchedWorld
    code: int
    observations: list[dict[str, Any]]

    def decision(self, target: str, check: str) -> dict[str, Any]:
        """The one observation that decides."""
        (found,) = [each for each in self.of(target, check) if each["vantage"] == ""]
        return found

    def of(self, target: str, check: str) -> list[dict[str, Any]]:
        """Every vantage of a check."""
        return [each for each in self.observations if (each["target"], each["check"]) == (target, check)]

    def cells(self, target: str, check: str) -> list[tuple[str, str, dict[str, Any]]]:
        """(role of the server, its "address:port", what it said of one record) for every record that was asked."""
        return [
            (each["evidence"]["role"], each["evidence"]["address"], cell)
            for each in self.of(target, check)
            if each["vantage"]
            for cell in each["evidence"]["cells"]
        ]

    def dialled(self, address: str) -> tuple[str, str]:
        """Where an address of the world is really served."""
        host, _, port = self.world.profile.dial[address].rpartition(":")
        return host, port


def look(world: LaunchedWorld, folder: Path, *domains: str) -> Seen:
    """Check domains once, from the command line."""
    done = Place(folder, quick(world)).run("check", *domains, "--json")
    assert done.err == ""
    return Seen(world, done.code, done.document["observations"])


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with served("all-quiet") as world:
        yield look(world, tmp_path_factory.mktemp("well"), DOMAIN)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A CNAME of DKIM is gone everywhere, SES has seen it, a host's certificate has expired, a name is gone."""
    with served("dkim-missing") as world:
        world.inject(do="certificate", host=HOST, kind="expired")
        world.inject(do="dns-withdraw", name=GONE_HOST, type="A")
        world.resume()
        until(lambda: identity_of(world)["DkimAttributes"]["Status"] != "SUCCESS", "SES's doubt", 20)
        world.pause()
        yield look(world, tmp_path_factory.mktemp("broken"), DOMAIN, "pay.example")


def identity_of(world: LaunchedWorld) -> dict[str, Any]:
    """The identity as boto3 sees it, for waiting only."""
    import boto3

    aws = world.profile.aws
    client = boto3.client(
        "sesv2",
        region_name=aws.region,
        endpoint_url=aws.endpoint,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key=aws.secret_key,
    )
    identity: dict[str, Any] = client.get_email_identity(EmailIdentity=DOMAIN)
    client.close()
    return identity


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def said(*command: str, given: str = "", environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, input=given, env=environment, capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


@dataclass(frozen=True)
class Answer:
    """What dig got: the header's status and flags, the records of the name that was asked for, and signatures."""

    status: str
    flags: list[str]
    values: list[str]
    signed: bool

    @property
    def names(self) -> list[str]:
        """The values, without the root's dot."""
        return [value.removesuffix(".") for value in self.values]


def dig(seen: Seen, role: str, address: str, name: str, kind: str) -> Answer:
    host, port = seen.dialled(address)
    how = "+norecurse" if role == "authoritative" else "+recurse"
    text = said(program("dig"), f"@{host}", "-p", port, "+dnssec", how, "+tries=1", "+noidnin", name, kind)
    status = re.search(r"status: (\w+)", text)
    flags = re.search(r"flags: ([a-z ]+);", text)
    assert status is not None, text
    assert flags is not None, text
    records = [line.split(None, 4) for line in text.splitlines() if line.startswith(f"{name}.")]
    values = [fields[4] for fields in records if fields[3] in (kind, "CNAME")]
    signed = re.search(r"IN\s+RRSIG\s+", text) is not None
    return Answer(status[1], flags[1].split(), values, signed)


@pytest.mark.parametrize("check", ["dns.resolution", "mail.dkim"])
def test_dig_gets_the_records_that_the_check_found_from_each_server(well: Seen, check: str) -> None:
    assert well.code == 0
    assert well.decision(DOMAIN, check)["verdict"] == "OK"
    cells = well.cells(DOMAIN, check)
    assert len({address for _, address, _ in cells}) == 6
    for role, address, cell in cells:
        answer = dig(well, role, address, cell["record"], cell["type"])
        assert (cell["state"], answer.status) == ("good", "NOERROR")
        assert answer.names == [cell["value"].removesuffix(".")]
        assert answer.signed
        assert ("aa" if role == "authoritative" else "ad") in answer.flags


def test_dig_misses_the_very_cname_that_the_check_misses_at_each_server(broken: Seen) -> None:
    assert broken.code == 1
    decision = broken.decision(DOMAIN, "mail.dkim")
    assert decision["verdict"] == "FAIL"
    (missing,) = decision["evidence"]["missing"]
    assert missing in decision["finding"]["now"]
    for role, address, cell in broken.cells(DOMAIN, "mail.dkim"):
        answer = dig(broken, role, address, cell["record"], "CNAME")
        gone = answer.status == "NXDOMAIN"
        assert gone is (cell["record"] == missing)
        if role == "resolver" and gone:
            assert cell["state"] == "gone" or "is not asked" in cell["why"], cell
        else:
            assert cell["state"] == ("gone" if gone else "good"), cell
        assert answer.names == ([] if gone else [cell["value"].removesuffix(".")])
        assert answer.signed, "a denial is signed too"


def test_dig_and_the_check_miss_the_same_host(broken: Seen) -> None:
    assert broken.decision("pay.example", "dns.resolution")["verdict"] == "FAIL"
    states = set()
    for role, address, cell in broken.cells("pay.example", "dns.resolution"):
        answer = dig(broken, role, address, cell["record"], cell["type"])
        assert (answer.values == []) is (cell["state"] != "good"), cell
        states.add((cell["record"], answer.status))
    assert (GONE_HOST, "NXDOMAIN") in states


def certificate(seen: Seen, folder: Path) -> tuple[datetime, str, str]:
    """When the certificate that openssl is shown ends, its SHA-256, and what openssl says of the chain."""
    host, port = seen.dialled("203.0.113.10:443")
    trusted = folder / "ca.pem"
    trusted.write_text(seen.world.profile.ca_pem or "")
    connect = [program("openssl"), "s_client", "-connect", f"{host}:{port}", "-servername", HOST]
    shown = said(*connect, "-CAfile", str(trusted), "-verify_hostname", HOST)
    pem = said(program("openssl"), "x509", "-noout", "-enddate", "-fingerprint", "-sha256", given=shown)
    ends = re.search(r"notAfter=(.+ GMT)", pem)
    fingerprint = re.search(r"Fingerprint=([0-9A-F:]+)", pem)
    verdict = re.search(r"Verify return code: \d+ \((.+)\)", shown)
    assert ends is not None, pem
    assert fingerprint is not None, pem
    assert verdict is not None, shown
    moment = datetime.strptime(ends[1], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    return moment, fingerprint[1].replace(":", "").lower(), verdict[1]


def test_openssl_is_shown_the_certificate_that_the_check_judged(well: Seen, tmp_path: Path) -> None:
    ends, fingerprint, verdict = certificate(well, tmp_path)
    evidence = well.decision(DOMAIN, "tls.certificate")["evidence"]
    assert datetime.fromisoformat(evidence["not_after"]) == ends
    assert evidence["sha256"] == fingerprint
    assert verdict == "ok"


def test_openssl_and_the_check_refuse_the_same_certificate_for_the_same_reason(
    broken: Seen, tmp_path: Path
) -> None:
    ends, fingerprint, verdict = certificate(broken, tmp_path)
    decision = broken.decision(DOMAIN, "tls.certificate")
    assert decision["verdict"] == "FAIL"
    assert datetime.fromisoformat(decision["evidence"]["not_after"]) == ends
    assert decision["evidence"]["sha256"] == fingerprint
    assert decision["evidence"]["reason"] == "expired"
    assert verdict == "certificate has expired"


def aws(world: LaunchedWorld, *arguments: str) -> Any:
    """The aws command line of whoever has one, pointed at the world and at nothing else."""
    given, trap = world.profile.aws, world.status()["trap"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    environment = {
        **kept,
        "AWS_ACCESS_KEY_ID": given.access_key or "",
        "AWS_SECRET_ACCESS_KEY": given.secret_key or "",
        "AWS_DEFAULT_REGION": given.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HTTPS_PROXY": trap,
        "NO_PROXY": "127.0.0.1",
    }
    command = [program("aws"), "--endpoint-url", given.endpoint or "", "--output", "json", *arguments]
    return json.loads(said(*command, environment=environment))


def test_the_aws_command_line_sees_the_identity_as_the_check_does(well: Seen) -> None:
    told = aws(well.world, "sesv2", "get-email-identity", "--email-identity", DOMAIN)
    assert_same_identity(told, well.decision(DOMAIN, "ses.identity"))
    assert told["DkimAttributes"]["Status"] == "SUCCESS"


def test_the_aws_command_line_sees_the_doubt_that_the_check_warns_of(broken: Seen) -> None:
    told = aws(broken.world, "sesv2", "get-email-identity", "--email-identity", DOMAIN)
    decision = broken.decision(DOMAIN, "ses.identity")
    assert_same_identity(told, decision)
    assert told["DkimAttributes"]["Status"] == "TEMPORARY_FAILURE"
    assert decision["verdict"] in ("WARN", "FAIL")


def assert_same_identity(told: dict[str, Any], decision: dict[str, Any]) -> None:
    evidence, dkim = decision["evidence"], told["DkimAttributes"]
    assert evidence["dkim_status"] == dkim["Status"]
    assert evidence["verification_status"] == told["VerificationStatus"]
    assert evidence["tokens"] == dkim["Tokens"]
    assert evidence["origin"] == dkim["SigningAttributesOrigin"]
    assert evidence["hosted_zone"] == dkim["SigningHostedZone"]
    assert evidence["mail_from_status"] == told["MailFromAttributes"]["MailFromDomainStatus"]
    assert evidence["soa_serial"] == told["VerificationInfo"]["SOARecord"]["SerialNumber"]

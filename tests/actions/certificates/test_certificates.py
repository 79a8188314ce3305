"""Certificates: the new one is there before the old one goes, seen by a handshake, and all of it taken back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cockpit.actions.certificates.outside import presented
from cockpit.actions.journal import ActionState
from tests.actions.certificates.conftest import HOST
from tests.actions.dns.conftest import Desk


def serial(desk: Desk, host: str = HOST) -> str:
    (seen,) = {(each.serial, each.trouble) for each in presented(desk.world.profile, host, desk.feed.clock.now())}
    assert seen[1] == ""
    return seen[0]


def acm(desk: Desk) -> list[str]:
    return desk.world.do(lambda: sorted(desk.world.world.account.acm._certificates))  # type: ignore[no-any-return]


def operations(desk: Desk, since: int) -> list[str]:
    return [each.operation for each in desk.world.changes()[since:]]


@pytest.mark.parametrize("host", [HOST, "api.pay.example"])
def test_a_certificate_is_renewed_by_acm_new_before_old_and_taken_back(desk: Desk, host: str) -> None:
    desk.provide({"zone": "pay.example", "provider": "rfc2136"})
    before, there, zone, calls = serial(desk, host), acm(desk), desk.zone("pay.example."), len(desk.world.changes())
    view = desk.planned("cert.renew", host=host)
    assert view.plan is not None, view.reason
    assert {line.sign for line in view.plan.diff} == {"+", "-"}
    assert all(line.undo for line in view.plan.diff if line.sign == "+")
    assert view.plan.reversible
    assert not any("published still" in line for line in view.plan.proof)
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    after = serial(desk, host)
    assert after != before
    sent = operations(desk, calls)
    assert sent[0] == "RequestCertificate"
    assert sent.index("RequestCertificate") < min(sent.index(each) for each in sent if "Listener" in each)
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert (serial(desk, host), acm(desk), desk.zone("pay.example.")) == (before, there, zone)
    assert operations(desk, calls)[-1] == "DeleteCertificate"


def test_another_certificate_is_presented_and_the_former_one_again(desk: Desk) -> None:
    desk.provide({"zone": "pay.example", "provider": "rfc2136"})
    assert desk.planned("lb.switch-certificate", host=HOST).code == "NOT_USABLE"
    assert desk.planned("lb.switch-certificate", host="www.nobody.example").code == "NO_LISTENER"
    renewed = desk.applied(desk.planned("cert.renew", host=HOST))
    again = desk.planned("cert.renew", host=HOST)
    assert again.plan is not None
    assert any("published still" in line for line in again.plan.proof)
    assert not any(step.operation.startswith("dns:") for step in again.plan.steps)
    new = serial(desk)
    done = desk.applied(desk.planned("lb.switch-certificate", host=HOST))
    assert done.state is ActionState.SUCCEEDED, done.reason
    former = serial(desk)
    assert former != new
    assert desk.undone(done).state is ActionState.SUCCEEDED
    assert serial(desk) == new
    assert desk.undone(renewed).state is ActionState.SUCCEEDED
    assert serial(desk) == former


def test_a_certificate_is_renewed_by_acme_and_no_key_or_proof_is_left(desk: Desk) -> None:
    desk.provide({"zone": "pay.example", "provider": "rfc2136"})
    before, there, zone, calls = serial(desk), acm(desk), desk.zone("pay.example."), len(desk.world.changes())
    view = desk.planned("cert.renew", host=HOST, through="acme")
    assert view.plan is not None, view.reason
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert serial(desk) != before
    assert desk.zone("pay.example.") == zone
    assert operations(desk, calls)[0] == "ImportCertificate"
    kept = "".join(line.text for line in desk.actions.get(done.uid).lines)
    assert "PRIVATE KEY" not in kept
    files = [path for path in (desk.path.parent / "keys").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".p256", ".url", ".ed25519"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in files if path.suffix == ".p256")
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert (serial(desk), acm(desk)) == (before, there)


def test_an_authority_that_refuses_leaves_everything_as_it_was(desk: Desk) -> None:
    desk.provide({"zone": "pay.example", "provider": "rfc2136"})
    before, there, zone = serial(desk), acm(desk), desk.zone("pay.example.")
    view = desk.planned("cert.renew", host=HOST, through="acme")
    desk.world.do(lambda: desk.world.world.trust.acme.inject("rate-limit"))
    done = desk.applied(view)
    desk.world.do(lambda: desk.world.world.trust.acme.heal())
    assert done.state is ActionState.REFUSED
    assert "rateLimited" in done.reason
    assert (serial(desk), acm(desk), desk.zone("pay.example.")) == (before, there, zone)


def own_files(desk: Desk, folder: Path, *names: str) -> dict[str, str]:
    """A certificate of the drill's authority and its key, in files."""
    key = ec.generate_private_key(ec.SECP256R1())
    chain = desk.world.do(lambda: desk.world.world.authority.certify(names, key.public_key()))
    pem = [each.public_bytes(Encoding.PEM) for each in chain]
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    contents = {"certificate": pem[0], "key": key.private_bytes(*form), "chain": b"".join(pem[1:])}
    for name, octets in contents.items():
        (folder / f"{name}.pem").write_bytes(octets)
        (folder / f"{name}.pem").chmod(0o600)
    return {name: str(folder / f"{name}.pem") for name in contents}


def test_a_certificate_of_our_own_is_imported_and_presented(desk: Desk, tmp_path: Path) -> None:
    before, there = serial(desk), acm(desk)
    files = own_files(desk, tmp_path, HOST)
    done = desk.applied(desk.planned("cert.replace", host=HOST, **files))
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert serial(desk) != before
    assert "PRIVATE KEY" not in desk.path.read_bytes().decode("latin-1")
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert (serial(desk), acm(desk)) == (before, there)


def test_files_that_are_of_no_use_are_refused_before_there_is_a_plan(desk: Desk, tmp_path: Path) -> None:
    files = own_files(desk, tmp_path, "www.shop.example")
    assert "not for www.pay.example" in desk.planned("cert.replace", host=HOST, **files).reason
    others = {**own_files(desk, tmp_path, HOST), "key": str(tmp_path / "other.pem")}
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "other.pem").write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*form))
    (tmp_path / "other.pem").chmod(0o644)
    assert "read by others" in desk.planned("cert.replace", host=HOST, **others).reason
    (tmp_path / "other.pem").chmod(0o600)
    assert "does not belong" in desk.planned("cert.replace", host=HOST, **others).reason


def test_a_certificate_that_no_client_would_accept_is_never_presented(desk: Desk, tmp_path: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    own = tmp_path / "own.pem", tmp_path / "own.key"
    own[0].write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    own[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    own[1].chmod(0o600)
    view = desk.planned("cert.replace", host=HOST, certificate=str(own[0]), key=str(own[1]))
    assert view.state is ActionState.REFUSED
    assert "would not accept" in view.reason
    assert "signed by itself" in view.reason


@pytest.mark.parametrize("spare", [False, True], ids=["without a spare", "with a spare"])
def test_a_revocation_is_answered_with_a_spare_at_once_and_a_new_certificate(desk: Desk, spare: bool) -> None:
    desk.provide({"zone": "pay.example", "provider": "rfc2136"})
    if spare:
        renewed = desk.applied(desk.planned("cert.renew", host=HOST))
        assert desk.applied(desk.planned("lb.switch-certificate", host=HOST)).state is ActionState.SUCCEEDED
        assert renewed.state is ActionState.SUCCEEDED
    before = serial(desk)
    view = desk.planned("cert.revoke-response", host=HOST)
    assert view.plan is not None, view.reason
    assert view.plan.risk == "high"
    assert "Security + IC" in view.plan.subject["risk"]
    assert "stays revoked" in view.plan.undo
    assert view.plan.steps[0].operation == ("elbv2:ModifyListener" if spare else "acm:RequestCertificate")
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert serial(desk) != before
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert serial(desk) == before

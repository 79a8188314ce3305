"""`cockpit dkim-key` against a served world: keys in every form, and the key never on any output."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from cockpit.drill.process.launch import LaunchedWorld, launch
from cockpit.health.dkim_key import compare_key
from cockpit.health.model import Verdict
from cockpit.probes.private_key import public_facts
from tests.cli.conftest import Cockpit

pytestmark = pytest.mark.xdist_group("cli-world")

RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()
PEM1 = RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LaunchedWorld, Path]]:
    with launch("all-quiet", operator="mona") as world:
        path = tmp_path_factory.mktemp("key") / "profile.json"
        path.write_bytes(world.profile_line)
        record = public_facts(PEM1)["record"]
        quoted = " ".join(f'"{record[at : at + 255]}"' for at in range(0, len(record), 255))
        world.inject(do="dns-publish", name="own._domainkey.news.example", type="TXT", values=[quoted])
        ed = public_facts(ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))["record"]
        world.inject(do="dns-publish", name="ed._domainkey.news.example", type="TXT", values=[f'"{ed}"'])
        world.inject(do="dns-publish", name="dead._domainkey.news.example", type="TXT", values=['"v=DKIM1; p="'])
        yield world, path


def secret_parts(key: bytes) -> list[str]:
    body = key.decode("latin-1").splitlines()
    return [line for line in body if len(line) > 40 and not line.startswith("-----")]


@pytest.mark.parametrize("form", ["pkcs1-pem", "pkcs8-pem", "pkcs1-der", "pkcs8-der", "base64"])
def test_case_54_a_key_that_fits_is_told_in_every_form_and_never_shown(
    cockpit: Cockpit, world: tuple[LaunchedWorld, Path], tmp_path: Path, form: str
) -> None:
    shape = PrivateFormat.PKCS8 if "8" in form else PrivateFormat.TraditionalOpenSSL
    data = RSA.private_bytes(Encoding.PEM if "pem" in form else Encoding.DER, shape, NoEncryption())
    data = base64.b64encode(data) if form == "base64" else data
    file = tmp_path / "key"
    file.write_bytes(data)
    done = cockpit("--profile", world[1], "dkim-key", "news.example", "--selector", "own", "--key", file)
    assert done.code == 0, done.out + done.err
    assert "the key fits at 6 of 6 servers" in done.out
    assert not any(part in done.out + done.err for part in secret_parts(PEM1))


def test_case_54_another_key_fails_with_the_record_to_publish(
    cockpit: Cockpit, world: tuple[LaunchedWorld, Path], tmp_path: Path
) -> None:
    other = rsa.generate_private_key(65537, 2048)
    file = tmp_path / "key.pem"
    file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    done = cockpit("--profile", world[1], "dkim-key", "news.example", "--selector", "own", "--key", file)
    assert done.code == 1
    assert "another key is published (2048 bits" in done.out
    assert 'own._domainkey.news.example. IN TXT "v=DKIM1; k=rsa; p=' in done.out
    assert '" "' in done.out, "the value is cut into strings that fit"
    spki = other.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert base64.b64encode(spki).decode()[:60] in done.out


def test_revoked_absent_and_other_kinds_are_told_apart(
    cockpit: Cockpit, world: tuple[LaunchedWorld, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(PEM1)
    said = {}
    for selector in ("dead", "none", "ed"):
        done = cockpit(
            "--profile", world[1], "dkim-key", "news.example", "--selector", selector, "--key", file, "--json"
        )
        assert done.code == 1
        said[selector] = json.loads(done.out)["comparison"]["headline"]
    assert "revoked" in said["dead"]
    assert said["none"] == "no key is published anywhere"
    assert "another kind" in said["ed"]
    seed = ED.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    class Input:
        buffer = io.BytesIO(base64.b64encode(seed))

    monkeypatch.setattr("sys.stdin", Input())
    assert cockpit("--profile", world[1], "dkim-key", "news.example", "--selector", "ed", "--key", "-").code == 0


@pytest.mark.parametrize("kind", ["encrypted", "public", "nonsense", "empty", "none", "long"])
def test_what_is_no_private_key_is_one_sentence_without_its_content(
    cockpit: Cockpit, world: tuple[LaunchedWorld, Path], tmp_path: Path, kind: str
) -> None:
    made = {
        "encrypted": RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
        "public": RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "nonsense": b"hunter2",
        "empty": b"",
        "long": b"A" * 200_000,
    }
    file = tmp_path / "key"
    if kind in made:
        file.write_bytes(made[kind])
    done = cockpit("--profile", world[1], "dkim-key", "news.example", "--selector", "own", "--key", file)
    assert done.code == 64
    assert "hunter2" not in done.err
    assert done.sentence.endswith(".")


def test_with_nobody_to_ask_it_is_unknown() -> None:
    seen = compare_key("s._domainkey.a.example", public_facts(PEM1), [])
    assert seen.verdict is Verdict.UNKNOWN

"""Our verdict on chains beside that of `openssl verify`, at many times and with many things wrong."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.probes.trust.certificates import Trust, Verifier, facts, verify
from cockpit.probes.trust.chain import best_path, picture
from cockpit.profile import Profile
from tests.probes.issued import CHAINS, HOST, MIDDLE, ROOT, START, Made, issue, key, pem

DAYS = (-5, 1, 50, 61, 89, 91)


@pytest.fixture(scope="module")
def trust() -> Trust:
    return Trust(Profile(ca_pem=pem([ROOT]).decode()))


@pytest.mark.peer
@pytest.mark.parametrize("kind", CHAINS)
def test_openssl_verify_agrees_at_every_time(kind: str, trust: Trust, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    chain = CHAINS[kind]
    root, leaf, between = (tmp_path / name for name in ("root.pem", "leaf.pem", "between.pem"))
    root.write_bytes(pem([ROOT]))
    leaf.write_bytes(pem(chain[:1]))
    between.write_bytes(pem(chain[1:]))
    for day in DAYS:
        at = START + timedelta(days=day, hours=1)
        ours = verify([each.certificate for each in chain], HOST, trust, at)
        command = [openssl, "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", HOST]
        command += ["-attime", str(int(at.timestamp())), "-CAfile", str(root), "-no-CApath"]
        command += ["-untrusted", str(between)] if chain[1:] else []
        done = subprocess.run([*command, str(leaf)], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (ours.reason == ""), (kind, day, ours, done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("kind", "day", "reason"),
    [
        ("good", -5, "not-yet-valid"),
        ("good", 91, "expired"),
        ("good", 61, "expired"),
        ("missing intermediate", 1, "missing-intermediate"),
        ("another name", 1, "name-mismatch"),
        ("by itself", 1, "self-signed"),
        ("another root", 1, "missing-intermediate"),
        ("expired cross-sign beside a good one", 1, ""),
        ("both intermediates", 61, ""),
    ],
)
def test_each_refusal_has_its_reason(kind: str, day: int, reason: str, trust: Trust) -> None:
    chain = [each.certificate for each in CHAINS[kind]]
    assert verify(chain, HOST, trust, START + timedelta(days=day)).reason == reason


def test_a_chain_that_is_known_is_judged_as_if_it_were_not(trust: Trust) -> None:
    known = Verifier(trust)
    for day in (1, *DAYS, *reversed(DAYS)):
        at = START + timedelta(days=day, hours=1)
        for kind in CHAINS:
            chain = [each.certificate for each in CHAINS[kind]]
            assert known.verify(chain, HOST, "203.0.113.10", at) == verify(chain, HOST, trust, at), (kind, day)
            assert known.verify(chain, HOST, kind, at) == verify(chain, HOST, trust, at), (kind, day)


def test_the_best_path_leaves_an_expired_cross_sign_aside(trust: Trust) -> None:
    chain = [each.certificate for each in CHAINS["expired cross-sign beside a good one"]]
    at = START + timedelta(days=1)
    path, complete = best_path(chain, trust, at)
    assert complete
    assert path[1] == MIDDLE.certificate
    drawn = picture(chain, path, complete, at)
    assert [each["used"] for each in drawn] == [True, True, True, False]
    assert drawn[1]["trouble"].startswith("ends on"), "the intermediate ends before the leaf"
    assert drawn[3]["trouble"].startswith("expired on")


def test_a_certificate_for_a_thousand_names_is_read_and_shown_in_part(trust: Trust) -> None:
    names = [f"host-{number}.shop.example" for number in range(1000)]
    many = issue("many", MIDDLE, (0, 90), names=names)
    told = facts(many.certificate)
    assert (len(told["names"]), told["more_names"]) == (100, 900)
    at = START + timedelta(days=1)
    assert verify([many.certificate, MIDDLE.certificate], "host-999.shop.example", trust, at).reason == ""
    assert verify([many.certificate, MIDDLE.certificate], HOST, trust, at).reason == "name-mismatch"


def test_certificates_that_name_each_other_as_issuer_end_somewhere(trust: Trust) -> None:
    one, other = key(), key()
    first = issue("circle b", Made(issue("circle a", None, (0, 90), own=one).certificate, one), (0, 90), own=other)
    second = issue("circle a", Made(first.certificate, other), (0, 90), own=one)
    leaf = issue("www", Made(second.certificate, one), (0, 90), names=[HOST])
    chain = [leaf.certificate, second.certificate, first.certificate]
    path, complete = best_path(chain, trust, START + timedelta(days=1))
    assert not complete
    assert len(path) <= 3

"""Facts of published keys: one fingerprint for both forms, and an error for what is no key."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from cockpit.health.dkim_record import parse_tags
from cockpit.probes.keys import key_facts, public_key_facts

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()


def base64_of(form: PublicFormat) -> str:
    return base64.b64encode(KEY.public_bytes(Encoding.DER, form)).decode()


def test_case_47_both_forms_of_a_key_have_one_fingerprint() -> None:
    spki, pkcs1 = (
        public_key_facts(base64_of(form)) for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1)
    )
    assert spki == pkcs1
    assert spki["bits"] == 2048


def test_case_52_white_space_inside_the_key_does_not_matter() -> None:
    text = base64_of(PublicFormat.SubjectPublicKeyInfo)
    spaced = f"v=DKIM1; p={text[:50]} {text[50:]}"
    assert key_facts(spaced) == public_key_facts(text)


def test_case_53_a_key_that_was_cut_is_an_error() -> None:
    assert "error" in key_facts(f"v=DKIM1; p={base64_of(PublicFormat.SubjectPublicKeyInfo)[:255]}")


def test_case_46_an_ed25519_key_is_its_32_octets() -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    text = base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    assert key_facts(f"v=DKIM1; k=ed25519; p={text}")["kind"] == "ed25519"
    assert "error" in key_facts("v=DKIM1; k=ed25519; p=AAAA")


def test_case_44_an_empty_key_is_revoked() -> None:
    assert key_facts("v=DKIM1; p=") == {"kind": "revoked"}


def test_a_key_that_is_not_rsa_is_an_error() -> None:
    der = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    assert "not RSA" in public_key_facts(base64.b64encode(der).decode())["error"]


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    key_facts(text)
    key_facts(f"v=DKIM1; p={text}")
    parse_tags(text)


@pytest.mark.parametrize("text", ["", "p", "a=1;a=2", "=x"])
def test_what_is_no_tag_list_has_no_tags(text: str) -> None:
    assert parse_tags(text) is None

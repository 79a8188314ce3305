"""The DKIM state of an SES identity: what it follows, and what it never does."""

import base64
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from cockpit.drill.aws.names.lookup import Answer, Found
from cockpit.drill.aws.ses.dkim import HeldKey, provider_public_key, published_keys, spki
from cockpit.drill.aws.ses.identity import (
    Checked,
    Dkim,
    EasyToken,
    Identity,
    Origin,
    Status,
    Timings,
    begin,
    settle,
    signature,
)
from tests.drill.aws.conftest import HandAccount

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
TIMINGS = Timings(failed_after=timedelta(minutes=10), pending_expires=timedelta(minutes=20))


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _der(key: rsa.RSAPrivateKey, form: PrivateFormat) -> str:
    return base64.b64encode(key.private_bytes(Encoding.DER, form, NoEncryption())).decode()


def _sign_with(account: HandAccount, key_text: str, selector: str = "s2026b") -> Any:
    return account.client("sesv2").put_email_identity_dkim_signing_attributes(
        EmailIdentity="shop.example",
        SigningAttributesOrigin="EXTERNAL",
        SigningAttributes={"DomainSigningSelector": selector, "DomainSigningPrivateKey": key_text},
    )


def _advance(account: HandAccount, until: Status, limit_s: int = 1800) -> None:
    """Let SES look until the status is reached, or scenario time runs out."""
    for _ in range(limit_s // 5):
        if account.mail.get("shop.example").dkim.status is until:
            return
        account.wait(5)
    pytest.fail(f"{until} was never reached: {account.mail.get('shop.example').dkim}")


def test_a_key_of_ones_own_is_pending_until_its_record_is_seen(
    account: HandAccount, key: rsa.RSAPrivateKey
) -> None:
    answer = _sign_with(account, _der(key, PrivateFormat.TraditionalOpenSSL))
    assert (answer["DkimStatus"], answer["DkimTokens"]) == ("PENDING", ["s2026b"])
    assert account.mail.signature("shop.example").selector == ""
    account.dns.records["s2026b._domainkey.shop.example", "TXT"] = (f"v=DKIM1; k=rsa; p={spki(key.public_key())}",)
    _advance(account, Status.SUCCESS)
    assert account.mail.signature("shop.example").verifiable
    attributes = account.client("sesv2").get_email_identity(EmailIdentity="shop.example")["DkimAttributes"]
    assert (attributes["SigningAttributesOrigin"], attributes["Tokens"]) == ("EXTERNAL", ["s2026b"])


def test_pkcs8_is_accepted_and_never_verifies(account: HandAccount, key: rsa.RSAPrivateKey) -> None:
    account.dns.records["s2026b._domainkey.shop.example", "TXT"] = (f"p={spki(key.public_key())}",)
    _sign_with(account, _der(key, PrivateFormat.PKCS8))
    account.wait(account.timings.first_check.total_seconds())
    assert account.mail.get("shop.example").dkim.status is Status.PENDING
    account.wait(account.timings.pending_expires.total_seconds())
    assert account.mail.get("shop.example").dkim.status is Status.FAILED


def test_base64_of_a_whole_pem_file_is_accepted_and_never_verifies(
    account: HandAccount, key: rsa.RSAPrivateKey
) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    _sign_with(account, base64.b64encode(pem).decode())
    assert account.mail.get("shop.example").dkim.held == HeldKey("")


@pytest.mark.parametrize(
    "text",
    [
        "not base64!",
        base64.b64encode(b"nonsense").decode(),
        base64.b64encode(b"0\x06\x02\x01\x00\x02\x01\x05").decode(),
    ],
)
def test_what_is_no_rsa_key_is_refused(account: HandAccount, text: str) -> None:
    with pytest.raises(ClientError) as caught:
        _sign_with(account, text)
    assert caught.value.response["Error"]["Code"] == "BadRequestException"
    assert account.mail.get("shop.example").dkim.origin is Origin.EASY


@pytest.mark.parametrize("selector", ["with.dot", "under_score", "x" * 64])
def test_a_selector_that_ses_cannot_take_is_refused(
    account: HandAccount, key: rsa.RSAPrivateKey, selector: str
) -> None:
    with pytest.raises(ClientError) as caught:
        _sign_with(account, _der(key, PrivateFormat.TraditionalOpenSSL), selector)
    assert caught.value.response["Error"]["Code"] == "BadRequestException"


def test_a_record_with_another_key_is_an_invalid_value(account: HandAccount, key: rsa.RSAPrivateKey) -> None:
    account.dns.records["s2026b._domainkey.shop.example", "TXT"] = ("p=" + provider_public_key(random.Random(9)),)
    _sign_with(account, _der(key, PrivateFormat.TraditionalOpenSSL))
    account.wait(account.timings.first_check.total_seconds())
    info = account.client("sesv2").get_email_identity(EmailIdentity="shop.example")["VerificationInfo"]
    assert info["ErrorType"] == "INVALID_VALUE"


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        ("gone", "HOST_NOT_FOUND"),
        ("typeless", "TYPE_NOT_FOUND"),
        ("elsewhere", "INVALID_VALUE"),
        ("down", "DNS_SERVER_ERROR"),
    ],
)
def test_a_vanished_cname_is_a_temporary_failure_then_failed(account: HandAccount, damage: str, error: str) -> None:
    name = "token0x1._domainkey.shop.example"
    if damage in ("gone", "typeless"):
        del account.dns.records[name, "CNAME"]
    if damage == "typeless":
        account.dns.records[name, "TXT"] = ("parked",)
    if damage == "elsewhere":
        account.dns.records[name, "CNAME"] = ("parking.example",)
    account.dns.broken = damage == "down"
    account.dns.serial = 7
    assert not account.mail.signature("shop.example").verifiable
    _advance(account, Status.TEMPORARY_FAILURE)
    client = account.client("sesv2")
    answer = client.get_email_identity(EmailIdentity="shop.example")
    assert answer["VerificationInfo"]["ErrorType"] == error
    assert answer["VerifiedForSendingStatus"] is True
    if damage != "down":
        assert answer["VerificationInfo"]["SOARecord"]["SerialNumber"] == 7
    _advance(account, Status.FAILED)
    assert client.get_email_identity(EmailIdentity="shop.example")["DkimAttributes"]["Status"] == "FAILED"


def test_a_restored_cname_heals_a_temporary_failure(account: HandAccount) -> None:
    name = ("token1x1._domainkey.shop.example", "CNAME")
    kept = account.dns.records.pop(name)
    _advance(account, Status.TEMPORARY_FAILURE)
    account.dns.records[name] = kept
    _advance(account, Status.SUCCESS)
    assert account.mail.signature("shop.example").verifiable


def test_going_back_to_easy_dkim_keeps_the_tokens(account: HandAccount, key: rsa.RSAPrivateKey) -> None:
    before = account.client("sesv2").get_email_identity(EmailIdentity="shop.example")["DkimAttributes"]["Tokens"]
    _sign_with(account, _der(key, PrivateFormat.TraditionalOpenSSL))
    answer = account.client("sesv2").put_email_identity_dkim_signing_attributes(
        EmailIdentity="shop.example", SigningAttributesOrigin="AWS_SES"
    )
    assert (answer["DkimStatus"], answer["DkimTokens"]) == ("PENDING", before)
    _advance(account, Status.SUCCESS)


def test_the_assumed_timings_can_be_printed() -> None:
    assert "failed after: 0:10:00" in TIMINGS.sentences()


def test_a_revoked_key_and_a_foreign_version_are_no_keys() -> None:
    values = ("v=DKIM1; p=", "v=DKIM2; p=abc", "k=rsa; p= a b c ;", "v=spf1 -all")
    assert published_keys(Answer(Found.ANSWER, values)) == ("abc",)


_LOOKS = st.lists(
    st.tuples(st.sampled_from(["", "HOST_NOT_FOUND", "DNS_SERVER_ERROR"]), st.integers(1, 900)), max_size=40
)


@given(looks=_LOOKS, pending=st.booleans())
def test_the_state_only_moves_along_the_documented_ways(looks: list[tuple[str, int]], pending: bool) -> None:
    allowed = {
        Status.PENDING: {Status.PENDING, Status.SUCCESS, Status.FAILED},
        Status.SUCCESS: {Status.SUCCESS, Status.TEMPORARY_FAILURE},
        Status.TEMPORARY_FAILURE: {Status.TEMPORARY_FAILURE, Status.SUCCESS, Status.FAILED},
        Status.FAILED: {Status.FAILED},
    }
    dkim = Dkim(origin=Origin.EXTERNAL, tokens=(), selector="s", held=HeldKey("k"))
    at = timedelta()
    if pending:
        dkim = begin(dkim, at, TIMINGS)
    for error, seconds in looks:
        at += timedelta(seconds=seconds)
        after = settle(dkim, Checked(NOW + at, error, None), at, TIMINGS)
        assert after.status in allowed[dkim.status]
        assert after.due > at
        assert after.since <= at
        if not error and dkim.status is not Status.FAILED:
            assert after.status is Status.SUCCESS
        dkim = after


@given(
    status=st.sampled_from(Status),
    enabled=st.booleans(),
    origin=st.sampled_from(Origin),
    published=st.lists(st.sampled_from(["mine", "other"]), max_size=2),
)
def test_mail_is_verifiable_only_when_signed_with_the_one_published_key(
    status: Status, enabled: bool, origin: Origin, published: list[str]
) -> None:
    def lookup(name: str, kind: str) -> Answer:
        if kind == "CNAME":
            return Answer(Found.ANSWER, ("t.dkim.amazonses.com",))
        return (
            Answer(Found.ANSWER, tuple(f"p={value}" for value in published)) if published else Answer(Found.NO_NAME)
        )

    dkim = Dkim(
        origin=origin,
        tokens=(EasyToken("t", "mine"),),
        selector="s",
        held=HeldKey("mine"),
        enabled=enabled,
        status=status,
    )
    found = signature(Identity(name="shop.example", dkim=dkim), lookup)
    signs = enabled and status in (Status.SUCCESS, Status.TEMPORARY_FAILURE)
    assert bool(found.selector) == signs
    assert found.verifiable == (signs and published == ["mine"])
    assert found.verifiable or found.why

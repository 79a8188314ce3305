"""The BYODKIM remedy's preconditions, one by one, against the simulated account."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cockpit.actions.aws import AwsClients
from cockpit.actions.cards import Access
from cockpit.actions.contract import PlanRefused, Request
from cockpit.actions.dns.published import Published, look_up
from cockpit.actions.ses.byodkim import SesByodkim
from cockpit.actions.ses.signing_key import BadKeyError, published_key, read_private_key, ses_form
from cockpit.errors import ReadOnly
from cockpit.probes.names.dns import Answer, Server
from cockpit.profile import Profile
from tests.actions.conftest import DOMAIN, SELECTOR, LocalWorld

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SCOPE: dict[str, Any] = {"bucket": "acme-dkim", "services": ["shop", "billing"], "mail_per_hour": 41_000}


def _remedy(world: LocalWorld, **changes: Any) -> SesByodkim:
    asked = {"domain": DOMAIN, "selector": SELECTOR} | changes.pop("parameters", {})
    request = Request(remedy="ses.byodkim", target=asked["domain"], parameters=asked, scope=SCOPE | changes)
    return SesByodkim(request, Access(world.profile, AwsClients(world.profile, "mhassan")))


def _refusal(remedy: SesByodkim) -> PlanRefused:
    with pytest.raises(PlanRefused) as caught:
        remedy.plan(NOW)
    return caught.value


def test_the_plan_tells_reach_undo_and_proof(world: LocalWorld) -> None:
    plan = _remedy(world).plan(NOW)
    assert plan.reach.startswith("1 domain, 2 services (shop, billing), 41000 mail/h; up to 15 min of unsigned")
    assert plan.account == "447112341123"
    assert plan.caller.startswith("arn:aws:sts::447112341123:assumed-role/ic-remediate/")
    assert "equals TXT at" in plan.proof[0]
    assert plan.reversible
    assert plan.phrase == DOMAIN


def test_a_selector_that_is_not_published_is_dns_txt_not_ready(world: LocalWorld) -> None:
    refusal = _refusal(_remedy(world, parameters={"selector": "nothere"}))
    assert refusal.code == "DNS_TXT_NOT_READY"
    assert f"nothere._domainkey.{DOMAIN} is not yet available" in str(refusal)


def test_a_server_that_is_silent_is_not_known_to_lack_the_record(world: LocalWorld) -> None:
    def silent(profile: Profile, domain: str, questions: Sequence[tuple[str, str]]) -> list[Published]:
        found = look_up(profile, domain, questions)
        quiet = Answer(Server("ns9", "192.0.2.9"), questions[0][0], "TXT", "timeout")
        return [Published(each.name, each.rtype, (*each.authoritative, quiet), ()) for each in found]

    request = Request(
        remedy="ses.byodkim", target=DOMAIN, parameters={"domain": DOMAIN, "selector": SELECTOR}, scope=SCOPE
    )
    access = Access(world.profile, AwsClients(world.profile, "mhassan"))
    remedy = SesByodkim(request, access, look_up=silent)
    refusal = _refusal(remedy)
    assert refusal.code == "DNS_TXT_NOT_READY"
    assert "ns9 does not answer (timeout), so it is not known" in str(refusal)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bucket": ""}, "byodkim.bucket"),
        ({"bucket": "elsewhere"}, "NoSuchBucket"),
        ({"key_prefix": "other"}, "NoSuchKey"),
        ({"records_prefix": "other"}, "phases 1 to 6"),
    ],
)
def test_a_missing_key_or_record_information_is_certificate_not_found(
    world: LocalWorld, change: dict[str, str], words: str
) -> None:
    refusal = _refusal(_remedy(world, **change))
    assert refusal.code == "CERTIFICATE_NOT_FOUND"
    assert words in str(refusal)


def test_a_stored_key_that_does_not_fit_the_published_one_stops_before_any_change(world: LocalWorld) -> None:
    other = rsa.generate_private_key(65537, 2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = f"stranger/{DOMAIN}/{SELECTOR}/private_key.pem"
    world.do(lambda: world.world.s3.store("acme-dkim", path, pem, NOW, "text/plain"))
    before = len(world.changes())
    refusal = _refusal(_remedy(world, key_prefix="stranger"))
    assert refusal.code == "DNS_TXT_NOT_READY"
    assert "it holds another key" in str(refusal)
    assert world.changes()[before:] == []


@pytest.mark.parametrize(
    "parameters",
    [{"domain": "-shop.example"}, {"domain": "shop"}, {"selector": "a.b"}, {"selector": "../x"}, {"selector": ""}],
)
def test_parameters_that_are_no_names_are_refused_at_once(world: LocalWorld, parameters: dict[str, str]) -> None:
    with pytest.raises(PlanRefused):
        _remedy(world, parameters=parameters)


def test_a_reading_client_cannot_change_and_a_changing_one_only_what_it_was_made_for(world: LocalWorld) -> None:
    clients, before = AwsClients(world.profile, "mhassan"), len(world.changes())
    reader = clients.reader("sesv2")
    with pytest.raises(ReadOnly):
        reader.put_email_identity_dkim_attributes(EmailIdentity=DOMAIN, SigningEnabled=False)
    changer = clients.changer("sesv2", ("PutEmailIdentityDkimSigningAttributes",))
    with pytest.raises(ReadOnly):
        changer.delete_email_identity(EmailIdentity=DOMAIN)
    with pytest.raises(ReadOnly):
        AwsClients(world.profile, "mhassan", read_only=True).changer("sesv2", ("DeleteEmailIdentity",))
    assert world.changes()[before:] == []


def test_every_key_form_is_sent_as_pkcs1() -> None:
    key = rsa.generate_private_key(65537, 2048)
    forms = {
        ses_form(read_private_key(key.private_bytes(Encoding.PEM, form, NoEncryption())))
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    }
    assert len(forms) == 1
    assert len(forms.pop()) in range(1580, 1597)


def test_keys_that_ses_would_never_verify_are_refused() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1())
    large = rsa.generate_private_key(65537, 3072)
    for pem, words in (
        (elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "not an RSA key"),
        (large.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "3072 bits"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not a private key"),
    ):
        with pytest.raises(BadKeyError, match=words):
            read_private_key(pem)


@pytest.mark.parametrize("record", ["v=DKIM1; p=", "v=spf1 -all", "p=AAAA", "k=ed25519; p=AAAA", "v=DKIM2; p=AAAA"])
def test_a_record_that_holds_no_usable_key_is_named_as_such(record: str) -> None:
    with pytest.raises(BadKeyError):
        published_key(record)

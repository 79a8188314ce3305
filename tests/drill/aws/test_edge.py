"""ACM and load balancers: certificates that DNS proves, and hosts that present them."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cockpit.drill.aws.balancing.balancer import Balancer
from cockpit.drill.pki import CertificateKind
from cockpit.drill.web.web_access import HostedSites
from cockpit.drill.web.webhost import host_fault
from tests.drill.aws.conftest import HandAccount

HOST = "www.shop.example"


@pytest.fixture
def balancer(account: HandAccount) -> Balancer:
    """A load balancer before one host, whose certificate has just expired."""
    account.hosts.add_host(HOST, "203.0.113.10")
    sites = HostedSites(account.hosts)
    held = account.whole.acm.adopt([HOST], partial(sites.presented, HOST))
    account.hosts.reissue(HOST, CertificateKind.EXPIRED)
    return account.whole.elbv2.add("shop-lb", [HOST], ["203.0.113.10"], [held.arn])


def test_an_expired_certificate_is_replaced_by_one_that_dns_proves(
    account: HandAccount, balancer: Balancer
) -> None:
    acm, elb = account.client("acm"), account.client("elbv2")
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer.arn)["Listeners"]
    old = listener["Certificates"][0]["CertificateArn"]
    assert acm.describe_certificate(CertificateArn=old)["Certificate"]["Status"] == "EXPIRED"
    new = acm.request_certificate(DomainName=HOST, ValidationMethod="DNS", IdempotencyToken="once")[
        "CertificateArn"
    ]
    again = acm.request_certificate(DomainName=HOST, ValidationMethod="DNS", IdempotencyToken="once")
    assert again["CertificateArn"] == new
    account.wait(25)
    told = acm.describe_certificate(CertificateArn=new)["Certificate"]
    assert told["Status"] == "PENDING_VALIDATION"
    with pytest.raises(acm.exceptions.RequestInProgressException):
        acm.get_certificate(CertificateArn=new)
    with pytest.raises(ClientError, match="UnsupportedCertificate"):
        _modify(elb, listener["ListenerArn"], new)
    record = told["DomainValidationOptions"][0]["ResourceRecord"]
    account.dns.records[record["Name"].rstrip("."), "CNAME"] = (record["Value"].rstrip("."),)
    account.wait(25)
    assert acm.describe_certificate(CertificateArn=new)["Certificate"]["Status"] == "ISSUED"
    assert account.hosts.host(HOST).certificate.kind is CertificateKind.EXPIRED
    _modify(elb, listener["ListenerArn"], new)
    assert account.hosts.host(HOST).certificate.kind is CertificateKind.GOOD
    assert acm.describe_certificate(CertificateArn=old)["Certificate"]["Status"] == "EXPIRED"
    assert acm.describe_certificate(CertificateArn=new)["Certificate"]["InUseBy"] == [balancer.arn]
    assert acm.get_certificate(CertificateArn=new)["Certificate"].startswith("-----BEGIN CERTIFICATE-----")
    issued = acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
    assert [one["CertificateArn"] for one in issued] == [new]
    with pytest.raises(acm.exceptions.ResourceInUseException):
        acm.delete_certificate(CertificateArn=new)


def test_a_further_certificate_is_chosen_because_it_is_not_expired(
    account: HandAccount, balancer: Balancer
) -> None:
    elb = account.client("elbv2")
    arn = _imported(account, CertificateKind.GOOD)
    elb.add_listener_certificates(ListenerArn=balancer.listener, Certificates=[{"CertificateArn": arn}])
    assert account.hosts.host(HOST).certificate.expires_at > account.clock.now()
    listed = elb.describe_listener_certificates(ListenerArn=balancer.listener)["Certificates"]
    assert [one["IsDefault"] for one in listed] == [True, False]
    elb.remove_listener_certificates(ListenerArn=balancer.listener, Certificates=[{"CertificateArn": arn}])
    with pytest.raises(elb.exceptions.OperationNotPermittedException):
        elb.remove_listener_certificates(ListenerArn=balancer.listener, Certificates=listed[:1])
    account.client("acm").delete_certificate(CertificateArn=arn)


def test_a_renewal_needs_its_record_and_goes_live_under_the_same_arn(
    account: HandAccount, balancer: Balancer
) -> None:
    acm = account.client("acm")
    arn = balancer.certificates[0]
    acm.renew_certificate(CertificateArn=arn)
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert told["RenewalSummary"]["RenewalStatus"] == "PENDING_VALIDATION"
    record = told["DomainValidationOptions"][0]["ResourceRecord"]
    account.dns.records[record["Name"].rstrip("."), "CNAME"] = (record["Value"].rstrip("."),)
    acm.renew_certificate(CertificateArn=arn)
    assert account.hosts.host(HOST).certificate.expires_at > account.clock.now()
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"


def test_an_import_tells_key_and_chain_apart_from_what_does_not_fit(account: HandAccount) -> None:
    acm = account.client("acm")
    arn = _imported(account, CertificateKind.GOOD)
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (told["Type"], told["Status"], told["DomainName"]) == ("IMPORTED", "ISSUED", HOST)
    with pytest.raises(ClientError, match="not eligible"):
        acm.renew_certificate(CertificateArn=arn)
    one, other = account.authority.issue(HOST), account.authority.issue(HOST)
    key = other.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ClientError, match="do not belong together"):
        acm.import_certificate(Certificate=one.leaf.public_bytes(Encoding.PEM), PrivateKey=key)
    with pytest.raises(ClientError, match="not valid PEM"):
        acm.import_certificate(Certificate=b"x", PrivateKey=key)


def test_a_request_that_nobody_proves_times_out(account: HandAccount) -> None:
    acm = account.client("acm")
    arn = acm.request_certificate(DomainName="new.example", ValidationMethod="DNS")["CertificateArn"]
    account.wait(account.timings.pending_expires.total_seconds() + 1)
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "VALIDATION_TIMED_OUT"
    with pytest.raises(acm.exceptions.ResourceNotFoundException):
        acm.describe_certificate(CertificateArn=arn + "0")


def test_balancers_groups_and_target_health_follow_the_hosts(account: HandAccount, balancer: Balancer) -> None:
    elb = account.client("elbv2")
    (shown,) = elb.describe_load_balancers(Names=["shop-lb"])["LoadBalancers"]
    assert shown["State"]["Code"] == "active"
    (group,) = elb.describe_target_groups(LoadBalancerArn=shown["LoadBalancerArn"])["TargetGroups"]
    assert _health(elb, group) == {"State": "healthy"}
    account.hosts.host(HOST).inject(host_fault("unavailable"))
    assert _health(elb, group)["Reason"] == "Target.ResponseCodeMismatch"
    account.hosts.host(HOST).inject(host_fault("hang"))
    assert _health(elb, group)["Reason"] == "Target.Timeout"
    with pytest.raises(elb.exceptions.LoadBalancerNotFoundException):
        elb.describe_load_balancers(Names=["nothing"])
    with pytest.raises(elb.exceptions.TargetGroupNotFoundException):
        elb.describe_target_health(TargetGroupArn="arn:x")
    with pytest.raises(elb.exceptions.ListenerNotFoundException):
        elb.describe_listeners(ListenerArns=["arn:x"])


def test_a_listener_forwards_each_host_by_its_name_and_the_rest_last(
    account: HandAccount, balancer: Balancer
) -> None:
    elb = account.client("elbv2")
    named, default = elb.describe_rules(ListenerArn=balancer.listener)["Rules"]
    (group,) = elb.describe_target_groups(LoadBalancerArn=balancer.arn)["TargetGroups"]
    assert named["Conditions"][0]["HostHeaderConfig"] == {"Values": [HOST]}
    assert (named["Priority"], default["Priority"], default["IsDefault"]) == ("1", "default", True)
    assert {rule["Actions"][0]["TargetGroupArn"] for rule in (named, default)} == {group["TargetGroupArn"]}
    with pytest.raises(elb.exceptions.ListenerNotFoundException):
        elb.describe_rules(ListenerArn="arn:x")


def _imported(account: HandAccount, kind: CertificateKind) -> str:
    made = account.authority.issue(HOST, kind, expires_in=timedelta(days=30))
    answer = account.client("acm").import_certificate(
        Certificate=made.leaf.public_bytes(Encoding.PEM),
        PrivateKey=made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        CertificateChain=account.authority.issuer.public_bytes(Encoding.PEM),
    )
    return str(answer["CertificateArn"])


def _modify(elb: Any, listener: str, arn: str) -> None:
    elb.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": arn}])


def _health(elb: Any, group: dict[str, Any]) -> dict[str, Any]:
    found = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    health: dict[str, Any] = found[0]["TargetHealth"]
    return health

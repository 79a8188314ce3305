"""What a load balancer takes as a certificate, and what it leaves alone."""

import pytest

from cockpit.clock import SystemClock
from cockpit.drill.aws.stores.s3 import S3
from cockpit.drill.estate.edge import CERTIFICATES, PEM, Edge, bundle, unbundle
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.web.hosts import HostNetwork
from cockpit.errors import BadInput

HOST = "www.pay.example"
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def authority() -> DrillAuthority:
    return DrillAuthority(CLOCK)


def test_a_bundle_can_be_read_again(authority: DrillAuthority) -> None:
    made = authority.issue(HOST)
    read = unbundle(bundle(made))
    assert (read.leaf, read.chain) == (made.leaf, made.chain)


def test_a_key_of_another_certificate_is_refused(authority: DrillAuthority) -> None:
    one, other = bundle(authority.issue(HOST)), bundle(authority.issue(HOST))
    cut = b"-----BEGIN CERTIFICATE-----"
    with pytest.raises(BadInput, match="another certificate"):
        unbundle(one.partition(cut)[0] + cut + other.partition(cut)[2])


def test_what_is_no_certificate_changes_nothing(authority: DrillAuthority) -> None:
    hosts, s3 = HostNetwork(authority, CLOCK), S3(CLOCK.now(), "ca-central-1")
    hosts.add_host(HOST, "203.0.113.20")
    edge = Edge(hosts, s3)
    edge.put_spares(authority, (HOST,), CLOCK.now())
    before = hosts.host(HOST).certificate
    s3.store(CERTIFICATES, f"{HOST}/active.pem", b"nonsense", CLOCK.now(), PEM)
    (sentence,) = edge.tick()
    assert "refuses the new certificate" in sentence
    assert hosts.host(HOST).certificate is before
    assert list(edge.tick()) == []
    spare = s3.fetch(CERTIFICATES, f"{HOST}/backup.pem")
    assert spare is not None
    s3.store(CERTIFICATES, f"{HOST}/active.pem", spare, CLOCK.now(), PEM)
    (sentence,) = edge.tick()
    assert "serves a new certificate" in sentence
    assert hosts.host(HOST).certificate is not before

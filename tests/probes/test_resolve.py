"""A name that somebody else sets must not lead a probe into this network."""

import pytest

from cockpit.errors import ConfigError
from cockpit.probes.names.resolve import connectable
from cockpit.profile import Profile


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.9.9",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:169.254.169.254",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_inner_addresses_are_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="not a public address"):
        connectable(Profile(), address, 443)


def test_public_addresses_are_connected_to() -> None:
    assert connectable(Profile(), "8.8.8.8", 443) == ("8.8.8.8", 443)
    assert connectable(Profile(), "2600::1", 443) == ("2600::1", 443)


def test_an_address_in_the_dial_table_is_allowed_as_it_says() -> None:
    profile = Profile(dial={"10.0.0.5:443": "10.0.0.5:8443"})
    assert connectable(profile, "10.0.0.5", 443) == ("10.0.0.5", 8443)
    with pytest.raises(ConfigError):
        connectable(profile, "10.0.0.5", 80)

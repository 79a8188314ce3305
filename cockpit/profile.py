"""How the outside world is reached. A drill is only another profile; nothing else tells it from production."""

import ipaddress
from pathlib import Path
from typing import Any

import msgspec

from cockpit.errors import ConfigError
from cockpit.secret_reference import SecretRef

DEFAULT_RESOLVERS = (("google", "8.8.8.8"), ("cloudflare", "1.1.1.1"), ("opendns", "208.67.222.222"))
PUBLIC_RESOLVERS = (
    *DEFAULT_RESOLVERS,
    ("quad9", "9.9.9.9"),
    ("ultradns", "64.6.64.6"),
    ("level3", "4.2.2.2"),
    ("adguard", "94.140.14.140"),
    ("controld", "76.76.2.0"),
    ("hurricane", "74.82.42.42"),
    ("dns4eu", "86.54.11.100"),
    ("cira", "149.112.121.10"),
    ("dnssb", "185.222.222.222"),
    ("quad101", "101.101.101.101"),
    ("uncensoreddns", "91.239.100.100"),
    ("fdn", "80.67.169.12"),
)
"""Public resolvers of fifteen operators on four continents, in the variants that filter least."""


class Resolver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recursive resolver to ask, by address so that asking needs no DNS.

    `per_s` is how many questions it may be asked in a second; Google's throttle an address at 1,500.
    """

    name: str
    address: str
    port: int = 53
    per_s: float = 1400.0


class Anchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One DNSSEC trust anchor of the root zone, as a DS record (RFC 4034 section 5)."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: str


ROOT_ANCHORS = (
    Anchor(20326, 8, 2, "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"),
    Anchor(38696, 8, 2, "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"),
)
"""The root's key-signing keys of 2017 and 2024; both are needed while the root rolls."""


class Aws(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which AWS account is meant, and where its endpoints are.

    `account` (12 digits) and `region` are pinned: a caller in another account is refused before any change.
    `endpoint` replaces every service endpoint; None is AWS itself. `access_key` and `secret_key` are only for
    an `endpoint` that is not AWS; a real account takes its credentials from the SDK's own chain.
    """

    region: str = ""
    account: str = ""
    sdk_profile: str | None = None
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = None


class CtLog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Certificate Transparency log: `key` is its public key (SPKI, in base64) as log lists have it.

    The log's id in a timestamp is the SHA-256 of that key (RFC 6962 section 3.2).
    """

    name: str
    key: str


class UpdateDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one zone is changed by signed dynamic update (RFC 2136, RFC 8945).

    `zone` is absolute ("shop.example."), `server` its primary and `address` where that answers, to be dialled.
    `key_name` and `algorithm` name the TSIG key; `key` refers to its secret, which is base64.
    """

    zone: str
    server: str
    address: str
    key_name: str
    key: SecretRef
    algorithm: str = "hmac-sha256"
    port: int = 53


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the facilitator of a simulated world steers it; a bearer token guards it."""

    url: str
    token: str


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that opens a socket takes one of these.

    `dial` maps "address:port" as named by DNS, a URL or the configuration to the "address:port" that is really
    connected to. It is empty in production. `further_resolvers` are asked beside the others about what is watched
    closer. `roots` are the name servers that a walk from the DNS root starts
    at, as (name, address); empty means the thirteen IANA root servers. `ca_pem` holds trusted certificates in
    PEM form; None means the system's. `ct_logs` are the logs whose timestamps count; with none, timestamps can be
    counted and not verified. `ct_search` is where the logs are searched, with crt.sh's questions and answers.
    `acme` is the URL of an ACME directory (RFC 8555). `updates` says how zones are changed by dynamic update;
    where a zone is that of a registry, the change is a registrar's. `trap` is a proxy for children, which records
    and refuses whatever would leave this machine. `settings` is a whole configuration that this world brings along,
    in `cockpit.yaml`'s shape. `loopback_only` forbids every connection that does not end on this machine.
    """

    kind: str = "prod"
    name: str = "prod"
    resolvers: tuple[Resolver, ...] = tuple(Resolver(name, address) for name, address in DEFAULT_RESOLVERS)
    further_resolvers: tuple[Resolver, ...] = ()
    dial: dict[str, str] = {}
    roots: tuple[tuple[str, str], ...] = ()
    anchors: tuple[Anchor, ...] = ROOT_ANCHORS
    ca_pem: str | None = None
    ct_logs: tuple[CtLog, ...] = ()
    ct_search: str | None = None
    acme: str | None = None
    updates: tuple[UpdateDoor, ...] = ()
    trap: str | None = None
    aws: Aws = Aws()
    loopback_only: bool = False
    speed: float = 1.0
    settings: dict[str, Any] | None = None
    control: Control | None = None

    def dialled(self, address: str, port: int) -> tuple[str, int]:
        """The (address, port) to connect to for a named address and port.

        Raises ConfigError when the profile allows loopback only and the way does not end there.
        """
        target = self.dial.get(f"{address}:{port}")
        if target is not None:
            host, _, mapped = target.rpartition(":")
            address, port = host, int(mapped)
        if self.loopback_only and address != "127.0.0.1" and not ipaddress.ip_address(address).is_loopback:
            raise ConfigError(
                f"{address}:{port} is outside the profile {self.name!r}, which stays on this machine."
            )
        return address, port

    def update_door(self, zone: str) -> UpdateDoor | None:
        """How a zone is changed by dynamic update; None where this profile knows no way."""
        wanted = zone.rstrip(".").lower()
        return next((door for door in self.updates if door.zone.rstrip(".").lower() == wanted), None)

    @property
    def is_drill(self) -> bool:
        """Whether what is seen and done here is practice; used for labels, never for behaviour."""
        return self.kind == "drill"


def load_profile(source: Path | str | bytes) -> Profile:
    """Read a profile from a JSON file, or from JSON text given as bytes; raises ConfigError."""
    if isinstance(source, bytes):
        name, raw = "the profile on standard input", source
    else:
        name = str(source)
        try:
            raw = Path(source).read_bytes()
        except OSError as error:
            raise ConfigError(f"Profile {name} cannot be read: {error.strerror}.") from None
    try:
        return msgspec.json.decode(raw, type=Profile)
    except msgspec.DecodeError as error:
        raise ConfigError(f"Profile {name} is not valid: {error}.") from None

"""Key-signing keys of hosted zones, made and used over Route 53, and what signs the zones of the drill.

A key of the drill signs the whole zone, where Route 53 has a zone-signing key of its own beside it. One that rests
is not published. The same KMS key gives the same signing key again, as in Route 53.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call

MOST_KEYS = 2
"""Key-signing keys that a hosted zone may have."""

_KMS = "arn:aws:kms:us-east-1:"


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key: DNSKEY and DS in presentation form; `in_parent` when the parent's DS names it."""

    tag: int
    dnskey: str
    ds: str
    in_parent: bool
    active: bool = True


@dataclass(frozen=True, slots=True)
class Signing:
    """How a zone is signed."""

    on: bool
    keys: tuple[Key, ...]


class KeyedZones(Protocol):
    """The zones whose keys are kept here, by name with the trailing dot."""

    def signing(self, zone: str) -> Signing:
        """How the zone is signed at this moment."""
        ...

    def make_key(self, zone: str, material: str) -> int:
        """Make a key that rests, from the KMS key `material`; its tag."""
        ...

    def use_key(self, zone: str, tag: int, on: bool) -> None:
        """Sign with a key of the zone from now on, or no longer."""
        ...

    def drop_key(self, zone: str, tag: int, material: str) -> None:
        """Forget a key that rests, until it is made again from its KMS key."""
        ...


@dataclass(frozen=True, slots=True)
class _Named:
    """What Route 53 knows of a key besides the key itself."""

    name: str
    material: str
    created: datetime
    changed: datetime


class SigningKeys:
    """The names under which the account keeps the keys of its zones."""

    def __init__(self, zones: KeyedZones, started: datetime) -> None:
        self._zones = zones
        self._started = started
        self._named: dict[tuple[str, int], _Named] = {}

    def listed(self, zone: str) -> list[dict[str, Any]]:
        """Every key of a zone as GetDNSSEC tells it."""
        signing = self._zones.signing(zone)
        return [self._told(zone, key, signing.on) for key in signing.keys]

    def create(self, zone: str, call: Call) -> dict[str, Any]:
        """CreateKeySigningKey: from a KMS key that no other key of the zone has."""
        asked = call.parameters
        name, material = str(asked["Name"]), str(asked["KeyManagementServiceArn"])
        present = {self._known(zone, key.tag).name: key for key in self._zones.signing(zone).keys}
        if name in present:
            raise AwsError("KeySigningKeyAlreadyExists", f"A key-signing key named {name} exists already.", 409)
        if not name.replace("_", "").isalnum():
            raise AwsError("InvalidKeySigningKeyName", "A name has letters, digits and underscores only.", 400)
        used = {self._known(zone, key.tag).material for key in present.values()}
        if not material.startswith(_KMS) or material in used:
            raise AwsError("InvalidKMSArn", "The KMS key is not in us-east-1, or another key has it.", 400)
        if len(present) >= MOST_KEYS:
            raise AwsError("TooManyKeySigningKeys", f"A hosted zone has {MOST_KEYS} at most.", 400)
        tag = self._zones.make_key(zone, material)
        self._named[zone, tag] = _Named(name, material, call.at, call.at)
        if asked["Status"] == "ACTIVE":
            self._zones.use_key(zone, tag, True)
        return next(told for told in self.listed(zone) if told["KeyTag"] == tag)

    def activate(self, zone: str, call: Call) -> None:
        """ActivateKeySigningKey: publish it and sign with it."""
        key = self._found(zone, call)
        if key.active:
            raise AwsError("InvalidKeySigningKeyStatus", "The key-signing key is active already.", 400)
        self._zones.use_key(zone, key.tag, True)
        self._touch(zone, key.tag, call.at)

    def deactivate(self, zone: str, call: Call) -> None:
        """DeactivateKeySigningKey; refused for the only one, and for one that the parent's DS names."""
        key, signing = self._found(zone, call), self._zones.signing(zone)
        if not key.active:
            raise AwsError("InvalidKeySigningKeyStatus", "The key-signing key is inactive already.", 400)
        if key.in_parent:
            message = "The key-signing key is specified in a parent DS record. Remove the DS record first."
            raise AwsError("KeySigningKeyInParentDSRecord", message, 400)
        if signing.on and sum(each.active for each in signing.keys) == 1:
            raise AwsError("KeySigningKeyInUse", "It is the only key-signing key that signs the zone.", 400)
        self._zones.use_key(zone, key.tag, False)
        self._touch(zone, key.tag, call.at)

    def delete(self, zone: str, call: Call) -> None:
        """DeleteKeySigningKey, once it is inactive."""
        key = self._found(zone, call)
        if key.active:
            raise AwsError("InvalidKeySigningKeyStatus", "Deactivate the key-signing key first.", 400)
        self._zones.drop_key(zone, key.tag, self._known(zone, key.tag).material)
        self._named.pop((zone, key.tag), None)

    def _found(self, zone: str, call: Call) -> Key:
        asked = str(call.parameters["Name"])
        for key in self._zones.signing(zone).keys:
            if self._known(zone, key.tag).name == asked:
                return key
        raise AwsError("NoSuchKeySigningKey", f"There is no key-signing key named {asked}.", 404)

    def _known(self, zone: str, tag: int) -> _Named:
        """The names of a key; one that the world made itself has been there for a month."""
        made = self._started - timedelta(days=30)
        usual = _Named(f"drill_{tag}", f"{_KMS}447112341123:key/drill-{tag}", made, made)
        return self._named.get((zone, tag), usual)

    def _touch(self, zone: str, tag: int, at: datetime) -> None:
        self._named[zone, tag] = replace(self._known(zone, tag), changed=at)

    def _told(self, zone: str, key: Key, on: bool) -> dict[str, Any]:
        known = self._known(zone, key.tag)
        return {
            "Name": known.name,
            "KmsArn": known.material,
            "Flag": 257,
            "SigningAlgorithmMnemonic": "ECDSAP256SHA256",
            "SigningAlgorithmType": 13,
            "DigestAlgorithmMnemonic": "SHA-256",
            "DigestAlgorithmType": 2,
            "KeyTag": key.tag,
            "DigestValue": key.ds.split()[-1],
            "PublicKey": key.dnskey.split(maxsplit=3)[-1],
            "DSRecord": key.ds,
            "DNSKEYRecord": key.dnskey,
            "Status": "ACTIVE" if on and key.active else "INACTIVE",
            "CreatedDate": known.created,
            "LastModifiedDate": known.changed,
        }


def key_location(zone_id: str, told: Mapping[str, Any]) -> str:
    """Where the SDK is told that a new key is."""
    return f"https://route53.amazonaws.com/2013-04-01/keysigningkey/{zone_id}/{told['Name']}"

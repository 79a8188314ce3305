"""A zone changed by signed dynamic update (RFC 2136, RFC 8945), one message over TCP.

Each record set that is touched is a prerequisite: exactly as the plan saw it, or absent. The server checks them
and changes everything or nothing, so a record that somebody changed meanwhile is not overwritten. Prerequisites
compare values, not TTLs (RFC 2136 section 3.2.3).
"""

import socket
from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.update
import dns.xfr
import dns.zone

from cockpit.actions.contract import EffectRefused, EffectUnknown
from cockpit.actions.dns.providers.provider import Whereabouts, refuse_alien
from cockpit.actions.dns.record_state import MADE_BY_SIGNING, Change, Key, Records
from cockpit.actions.fence import Fence, unfenced
from cockpit.errors import ConfigError, ReadOnly, WorldError
from cockpit.health.zone_copy import RecordSet
from cockpit.profile import Profile, UpdateDoor
from cockpit.secrets import resolve
from cockpit.text import visible

TIMEOUT_S = 7.0
TRANSFER_S = 30.0
MOST = 100
"""Record sets in one message; far below the 65,535 octets of DNS over TCP."""

_CHANGED = frozenset({"YXDOMAIN", "YXRRSET", "NXRRSET", "NXDOMAIN"})
_PROOF_OF_NO_EFFECT = frozenset(
    {"FORMERR", "REFUSED", "NOTAUTH", "NOTZONE", "NOTIMP", "BADSIG", "BADKEY", "BADTIME"}
)


class UpdatedZone:
    """One zone behind one update door. `read_only` refuses every update before a socket is opened.

    `fence` is asked when the connection stands, right before an update leaves.
    """

    name = "dynamic update"
    operation = "UPDATE"
    most = MOST

    def __init__(
        self, profile: Profile, door: UpdateDoor, *, read_only: bool = False, fence: Fence = unfenced
    ) -> None:
        self.zone = door.zone.rstrip(".").lower()
        self._origin = dns.name.from_text(door.zone if door.zone.endswith(".") else f"{door.zone}.")
        self._profile = profile
        self._door = door
        self._key_name = dns.name.from_text(door.key_name)
        self._algorithm = dns.name.from_text(door.algorithm)
        self._read_only = read_only
        self._fence = fence
        self._notes: list[str] = []

    def whereabouts(self) -> Whereabouts:
        """The primary server, and the key that signs."""
        door = self._door
        server = (door.server or door.address).rstrip(".")
        return Whereabouts(f"primary {server}", "DNS", f"TSIG key {door.key_name.rstrip('.')}")

    def require_changes(self) -> None:
        """Raise ReadOnly when nothing may be changed from here."""
        if self._read_only:
            raise ReadOnly("This cockpit is read-only: nothing is changed from here.")

    def records(self, keys: Sequence[Key]) -> Records:
        """These record sets out of a transfer of the zone, else asked at the primary one by one."""
        try:
            whole = self._transferred()
        except WorldError:
            return {key: self._asked(key) for key in keys}
        return {key: whole.get(key) for key in keys}

    def everything(self) -> Records:
        """The whole zone by transfer (RFC 5936), signed with the same key; raises WorldError."""
        return self._transferred()

    def notes(self) -> Sequence[str]:
        """What `everything()` left out."""
        return self._notes

    def request(self, changes: Sequence[Change]) -> dict[str, Any]:
        """The update as nsupdate would be told it."""
        return {"zone": f"{self.zone}.", "key": self._door.key_name, "update": nsupdate_lines(changes)}

    def send(self, changes: Sequence[Change]) -> str:
        """One UPDATE over TCP; raises EffectRefused or EffectUnknown."""
        self.require_changes()
        refuse_alien(changes, self.zone)
        update = dns.update.UpdateMessage(
            self._origin, keyring=self._keyring(), keyname=self._key_name, keyalgorithm=self._algorithm
        )
        for change in changes:
            _require(update, change)
        for change in changes:
            _write(update, change)
        return _outcome(self._exchange(update), changes, self._door.server.rstrip("."))

    def settled(self) -> str:
        """A primary has it at once; whether the secondaries do is seen at them."""
        return ""

    def _keyring(self) -> dict[dns.name.Name, dns.tsig.Key]:
        try:
            key = dns.tsig.Key(self._key_name, resolve(self._door.key, self._profile), self._door.algorithm)
        except (ValueError, dns.exception.DNSException):
            raise ConfigError(f"The TSIG key {self._door.key_name} is not base64.") from None
        return {self._key_name: key}

    def _endpoint(self) -> tuple[str, int]:
        return self._profile.dialled(self._door.address, self._door.port)

    def _exchange(self, update: dns.update.UpdateMessage) -> dns.message.Message:
        address, port = self._endpoint()
        try:
            # A server that cannot be connected to has not seen the update: the two failures are told apart.
            connection = socket.create_connection((address, port), timeout=TIMEOUT_S)
        except OSError as error:
            raise EffectRefused("UNREACHABLE", f"The primary cannot be reached: {visible(error)}.") from None
        with connection:
            connection.setblocking(False)
            self._fence()
            try:
                return dns.query.tcp(update, address, port=port, timeout=TIMEOUT_S, sock=connection)
            except (dns.tsig.PeerBadKey, dns.tsig.PeerBadSignature, dns.tsig.PeerBadTime) as error:
                raise EffectRefused("NOTAUTH", f"The primary does not accept the key: {visible(error)}.") from None
            except (OSError, EOFError, dns.exception.DNSException) as error:
                told = type(error).__name__
                raise EffectUnknown(f"The update was sent, and no usable answer came: {told}.") from None

    def _asked(self, key: Key) -> RecordSet | None:
        address, port = self._endpoint()
        asked = dns.message.make_query(f"{key[0]}.", key[1], flags=0)
        try:
            answer = dns.query.tcp(asked, address, port=port, timeout=TIMEOUT_S)
        except (OSError, EOFError, dns.exception.DNSException) as error:
            raise WorldError(f"The primary of {self.zone} does not answer: {type(error).__name__}.") from None
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise WorldError(f"The primary of {self.zone} answers {dns.rcode.to_text(answer.rcode())}.")
        for rrset in answer.answer:
            if rrset.rdtype == dns.rdatatype.from_text(key[1]) and rrset.name == asked.question[0].name:
                return RecordSet(*key, rrset.ttl, tuple(sorted(rdata.to_text() for rdata in rrset)))
        return None

    def _transferred(self) -> dict[Key, RecordSet | None]:
        address, port = self._endpoint()
        zone = dns.zone.Zone(self._origin, relativize=False)
        query, _ = dns.xfr.make_query(
            zone, serial=None, keyring=self._keyring(), keyname=self._key_name,
            keyalgorithm=self._algorithm,
        )  # fmt: skip
        try:
            dns.query.inbound_xfr(address, zone, query, port=port, timeout=TIMEOUT_S, lifetime=TRANSFER_S)
        except (OSError, EOFError, dns.exception.DNSException) as error:
            raise WorldError(f"{self.zone} is not transferred by its primary: {type(error).__name__}.") from None
        found: dict[Key, RecordSet | None] = {}
        for name, rdataset in zone.iterate_rdatasets():
            rtype = dns.rdatatype.to_text(rdataset.rdtype)
            if rtype not in MADE_BY_SIGNING:
                owner = name.to_text(omit_final_dot=True).lower()
                values = tuple(sorted(rdata.to_text() for rdata in rdataset))
                found[owner, rtype] = RecordSet(owner, rtype, rdataset.ttl, values)
        return found


def nsupdate_lines(changes: Sequence[Change]) -> list[str]:
    """The changes as nsupdate takes them, prerequisites first."""
    lines = []
    for change in changes:
        if change.was is None:
            lines.append(f"prereq nxrrset {change.name}. {change.type}")
        else:
            lines += [f"prereq yxrrset {change.name}. {change.type} {value}" for value in change.was.values]
    for change in changes:
        if change.was is not None:
            lines.append(f"update delete {change.name}. {change.type}")
        if change.will is not None:
            ttl = change.will.ttl_s
            lines += [f"update add {change.name}. {ttl} {change.type} {value}" for value in change.will.values]
    return lines


def _require(update: dns.update.UpdateMessage, change: Change) -> None:
    name = dns.name.from_text(f"{change.name}.")
    if change.was is None:
        update.absent(name, change.type)
    else:
        update.present(name, dns.rdataset.from_text_list("IN", change.type, 0, list(change.was.values)))


def _write(update: dns.update.UpdateMessage, change: Change) -> None:
    name = dns.name.from_text(f"{change.name}.")
    if change.was is not None:
        update.delete(name, change.type)
    if change.will is not None:
        values = list(change.will.values)
        update.add(name, dns.rdataset.from_text_list("IN", change.type, change.will.ttl_s, values))


def _outcome(answer: dns.message.Message, changes: Sequence[Change], server: str) -> str:
    code = dns.rcode.to_text(answer.rcode())
    if code == "NOERROR":
        return f"{server} made {len(changes)} change{'' if len(changes) == 1 else 's'}"
    if code in _CHANGED:
        raise EffectRefused("CHANGED_SINCE", f"A record was changed meanwhile ({code}): nothing was done.")
    if code in _PROOF_OF_NO_EFFECT:
        raise EffectRefused(code, f"{server} refused the update: {code}.")
    raise EffectUnknown(f"{server} answered {code}.")

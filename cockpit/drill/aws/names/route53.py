"""Route 53 over the drill's own zones: what is changed here is what the name servers answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from cockpit.drill.aws.names.signing_keys import KeyedZones, SigningKeys, key_location
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.ses.identity import Timings
from cockpit.drill.clock import DrillClock
from cockpit.errors import CockpitError

KEPT_CHANGES = 500
MAX_ZONES = 100


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One record set; names absolute with the trailing dot, values in presentation form."""

    name: str
    kind: str
    ttl_s: int
    values: tuple[str, ...]


class Zones(KeyedZones, Protocol):
    """The zones that Route 53 hosts, by name with the trailing dot."""

    def names(self) -> Sequence[str]:
        """The zones' names."""
        ...

    def records(self, zone: str) -> Sequence[RecordSet]:
        """All record sets of a zone."""
        ...

    def apply(self, zone: str, changes: Mapping[tuple[str, str], RecordSet | None]) -> None:
        """Make record sets so, None for away, all or none; raises BadInput for what cannot be."""
        ...

    def servers(self, zone: str) -> Sequence[str]:
        """The host names of the zone's name servers."""
        ...

    def create(self, zone: str) -> None:
        """Host a new, empty zone; raises BadInput."""
        ...

    def delete(self, zone: str) -> None:
        """Host a zone no longer."""
        ...

    def sign(self, zone: str, on: bool) -> None:
        """Sign the zone, with the key that it had if it had one, or no longer."""
        ...

    def answer(self, zone: str, name: str, kind: str) -> tuple[str, str, Sequence[str]]:
        """What a name server of the zone answers: its name, the response code, the values."""
        ...


@dataclass(frozen=True, slots=True)
class _Change:
    """A submitted change; `due` is scenario time."""

    id: str
    at: datetime
    due: timedelta
    comment: str


class Route53:
    """The hosted zones of the account."""

    name = "route53"

    def __init__(self, zones: Zones, clock: DrillClock, timings: Timings) -> None:
        self._zones = zones
        self._clock = clock
        self._timings = timings
        self._keys = SigningKeys(zones, clock.now())
        self._changes: dict[str, _Change] = {}
        self._numbered = 0

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateHostedZone": self.create_hosted_zone,
            "GetHostedZone": self.get_hosted_zone,
            "DeleteHostedZone": self.delete_hosted_zone,
            "ListHostedZones": self.list_hosted_zones,
            "ListHostedZonesByName": self.list_hosted_zones_by_name,
            "ListResourceRecordSets": self.list_record_sets,
            "ChangeResourceRecordSets": self.change_record_sets,
            "GetChange": self.get_change,
            "GetDNSSEC": self.get_dnssec,
            "EnableHostedZoneDNSSEC": self.enable_dnssec,
            "DisableHostedZoneDNSSEC": self.disable_dnssec,
            "CreateKeySigningKey": self.create_key,
            "ActivateKeySigningKey": self.activate_key,
            "DeactivateKeySigningKey": self.deactivate_key,
            "DeleteKeySigningKey": self.delete_key,
            "TestDNSAnswer": self.test_dns_answer,
        }

    def create_hosted_zone(self, call: Call) -> Mapping[str, Any]:
        """Route 53 CreateHostedZone: empty but for SOA and NS, on the servers that serve the others too."""
        name = _absolute(call.parameters["Name"])
        if name in self._zones.names():
            raise AwsError("HostedZoneAlreadyExists", "A hosted zone of this name has been created already.", 409)
        if len(self._zones.names()) >= MAX_ZONES:
            raise AwsError("TooManyHostedZones", f"The drill world hosts {MAX_ZONES} zones and no more.", 400)
        try:
            self._zones.create(name)
        except CockpitError as error:
            raise AwsError("InvalidDomainName", str(error), 400) from None
        change = self._info(self._note(call.at, ""))
        where = f"https://route53.amazonaws.com/2013-04-01/hostedzone/{zone_identifier(name)}"
        return {
            "HostedZone": self._described(name),
            "ChangeInfo": change,
            "DelegationSet": self._delegation(name),
            "Location": where,
        }

    def get_hosted_zone(self, call: Call) -> Mapping[str, Any]:
        """Route 53 GetHostedZone with its name servers."""
        name = self._zone(call.parameters["Id"])
        return {"HostedZone": self._described(name), "DelegationSet": self._delegation(name)}

    def delete_hosted_zone(self, call: Call) -> Mapping[str, Any]:
        """Route 53 DeleteHostedZone, once nothing but SOA and NS is in it."""
        name = self._zone(call.parameters["Id"])
        if any(record.kind not in ("SOA", "NS") or record.name != name for record in self._zones.records(name)):
            message = "The specified hosted zone contains non-required resource record sets."
            raise AwsError("HostedZoneNotEmpty", message, 400)
        self._zones.delete(name)
        return {"ChangeInfo": self._info(self._note(call.at, ""))}

    def get_dnssec(self, call: Call) -> Mapping[str, Any]:
        """Route 53 GetDNSSEC: whether the zone is signed, and the DS that its parent should have."""
        zone = self._zone(call.parameters["HostedZoneId"])
        status = "SIGNING" if self._zones.signing(zone).on else "NOT_SIGNING"
        return {"Status": {"ServeSignature": status}, "KeySigningKeys": self._keys.listed(zone)}

    def create_key(self, call: Call) -> Mapping[str, Any]:
        """Route 53 CreateKeySigningKey."""
        zone_id = call.parameters["HostedZoneId"]
        told = self._keys.create(self._zone(zone_id), call)
        return {
            "KeySigningKey": told,
            "ChangeInfo": self._info(self._note(call.at, "")),
            "Location": key_location(zone_id, told),
        }

    def activate_key(self, call: Call) -> Mapping[str, Any]:
        """Route 53 ActivateKeySigningKey."""
        self._keys.activate(self._zone(call.parameters["HostedZoneId"]), call)
        return {"ChangeInfo": self._info(self._note(call.at, ""))}

    def deactivate_key(self, call: Call) -> Mapping[str, Any]:
        """Route 53 DeactivateKeySigningKey."""
        self._keys.deactivate(self._zone(call.parameters["HostedZoneId"]), call)
        return {"ChangeInfo": self._info(self._note(call.at, ""))}

    def delete_key(self, call: Call) -> Mapping[str, Any]:
        """Route 53 DeleteKeySigningKey."""
        self._keys.delete(self._zone(call.parameters["HostedZoneId"]), call)
        return {"ChangeInfo": self._info(self._note(call.at, ""))}

    def enable_dnssec(self, call: Call) -> Mapping[str, Any]:
        """Route 53 EnableHostedZoneDNSSEC; the parent's DS is the registrar's affair."""
        self._zones.sign(self._zone(call.parameters["HostedZoneId"]), True)
        return {"ChangeInfo": self._info(self._note(call.at, ""))}

    def disable_dnssec(self, call: Call) -> Mapping[str, Any]:
        """Route 53 DisableHostedZoneDNSSEC; refused while the parent's DS names the key, for that breaks it."""
        name = self._zone(call.parameters["HostedZoneId"])
        signing = self._zones.signing(name)
        if not signing.on:
            raise AwsError("DNSSECNotFound", "The hosted zone does not have DNSSEC enabled.", 400)
        if any(key.in_parent for key in signing.keys):
            message = "The key-signing key is specified in a parent DS record. Remove the DS record first."
            raise AwsError("KeySigningKeyInParentDSRecord", message, 400)
        self._zones.sign(name, False)
        return {"ChangeInfo": self._info(self._note(call.at, ""))}

    def test_dns_answer(self, call: Call) -> Mapping[str, Any]:
        """Route 53 TestDNSAnswer: what one of the zone's servers answers now."""
        asked = call.parameters
        zone, name = self._zone(asked["HostedZoneId"]), _absolute(asked["RecordName"])
        server, code, values = self._zones.answer(zone, name, asked["RecordType"])
        return {
            "Nameserver": server,
            "RecordName": name,
            "RecordType": asked["RecordType"],
            "RecordData": list(values),
            "ResponseCode": code,
            "Protocol": "UDP",
        }

    def list_hosted_zones(self, call: Call) -> Mapping[str, Any]:
        """Route 53 ListHostedZones."""
        zones = [self._described(name) for name in sorted(self._zones.names())]
        return {"HostedZones": zones, "Marker": "", "IsTruncated": False, "MaxItems": "100"}

    def list_hosted_zones_by_name(self, call: Call) -> Mapping[str, Any]:
        """Route 53 ListHostedZonesByName: all zones from `DNSName` on, in reversed-label order."""
        start = _absolute(call.parameters.get("DNSName", "."))
        names = sorted(self._zones.names(), key=_order)
        zones = [self._described(name) for name in names if _order(name) >= _order(start)]
        limit = int(call.parameters.get("MaxItems", "100"))
        return {"HostedZones": zones[:limit], "IsTruncated": len(zones) > limit, "MaxItems": str(limit)}

    def list_record_sets(self, call: Call) -> Mapping[str, Any]:
        """Route 53 ListResourceRecordSets from (`StartRecordName`, `StartRecordType`) on."""
        zone = self._zone(call.parameters["HostedZoneId"])
        start = (
            _order(_absolute(call.parameters.get("StartRecordName", "."))),
            call.parameters.get("StartRecordType", ""),
        )
        limit = int(call.parameters.get("MaxItems", "300"))
        records = sorted(self._zones.records(zone), key=lambda record: (_order(record.name), record.kind))
        found = [record for record in records if (_order(record.name), record.kind) >= start]
        answer: dict[str, Any] = {
            "ResourceRecordSets": [_shown(record) for record in found[:limit]],
            "IsTruncated": len(found) > limit,
            "MaxItems": str(limit),
        }
        if len(found) > limit:
            answer |= {"NextRecordName": found[limit].name, "NextRecordType": found[limit].kind}
        return answer

    def change_record_sets(self, call: Call) -> Mapping[str, Any]:
        """Route 53 ChangeResourceRecordSets: all changes of a batch or none."""
        zone = self._zone(call.parameters["HostedZoneId"])
        batch = call.parameters["ChangeBatch"]
        held: Mapping[tuple[str, str], RecordSet]
        held = {(record.name, record.kind): record for record in self._zones.records(zone)}
        planned = [(change["Action"], _read(change["ResourceRecordSet"])) for change in batch["Changes"]]
        problems: list[str] = []
        for action, record in planned:
            problems += _problems(action, record, zone, held)
            held = _after(held, action, record)
        if problems:
            raise AwsError("InvalidChangeBatch", f"[{', '.join(problems)}]", 400)
        changes = {(one.name, one.kind): None if action == "DELETE" else one for action, one in planned}
        try:
            self._zones.apply(zone, changes)
        except CockpitError as error:
            raise AwsError("InvalidChangeBatch", f"[{error}]", 400) from None
        return {"ChangeInfo": self._info(self._note(call.at, batch.get("Comment", "")))}

    def get_change(self, call: Call) -> Mapping[str, Any]:
        """Route 53 GetChange: PENDING until every name server has it."""
        change = self._changes.get(call.parameters["Id"].rpartition("/")[2])
        if change is None:
            raise AwsError("NoSuchChange", "The specified change does not exist.", 404)
        return {"ChangeInfo": self._info(change)}

    def _delegation(self, name: str) -> dict[str, Any]:
        return {"NameServers": [server.rstrip(".") for server in self._zones.servers(name)]}

    def _note(self, at: datetime, comment: str) -> _Change:
        self._numbered += 1
        due = self._clock.elapsed() + self._timings.route53_insync
        change = _Change(f"C{self._numbered:013d}", at, due, comment)
        self._changes[change.id] = change
        if len(self._changes) > KEPT_CHANGES:
            del self._changes[next(iter(self._changes))]
        return change

    def _info(self, change: _Change) -> dict[str, Any]:
        status = "INSYNC" if self._clock.elapsed() >= change.due else "PENDING"
        info = {"Id": f"/change/{change.id}", "Status": status, "SubmittedAt": change.at}
        return info | ({"Comment": change.comment} if change.comment else {})

    def _zone(self, zone_id: str) -> str:
        for name in self._zones.names():
            if zone_identifier(name) == zone_id.rpartition("/")[2]:
                return name
        raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", 404)

    def _described(self, name: str) -> dict[str, Any]:
        return {
            "Id": f"/hostedzone/{zone_identifier(name)}",
            "Name": name,
            "CallerReference": f"drill-{name}",
            "Config": {"PrivateZone": False},
            "ResourceRecordSetCount": len(self._zones.records(name)),
        }


def zone_identifier(name: str) -> str:
    """The hosted zone id of a drill zone: the same in every run."""
    letters = "".join(character for character in name.upper() if character.isalnum())
    return f"Z0DRILL{letters}"[:32]


def _absolute(name: str) -> str:
    """Route 53 takes names as absolute with and without the trailing dot, in any case."""
    return name.lower() if name.endswith(".") else f"{name.lower()}."


def _order(name: str) -> str:
    """Route 53 sorts by the labels backwards, each with its dot."""
    return ".".join(name.rstrip(".").split(".")[::-1]) + "."


def _read(given: Mapping[str, Any]) -> RecordSet:
    values = tuple(item["Value"] for item in given.get("ResourceRecords", []))
    return RecordSet(_absolute(given["Name"]), given["Type"], int(given.get("TTL", 300)), values)


def _after(
    held: Mapping[tuple[str, str], RecordSet], action: str, record: RecordSet
) -> Mapping[tuple[str, str], RecordSet]:
    """What the zone would hold after one more change, for the changes of the batch that follow it."""
    rest = {key: one for key, one in held.items() if key != (record.name, record.kind)}
    return rest if action == "DELETE" else rest | {(record.name, record.kind): record}


def _problems(action: str, record: RecordSet, zone: str, held: Mapping[tuple[str, str], RecordSet]) -> list[str]:
    label = f"[name='{record.name}', type='{record.kind}']"
    if record.name != zone and not record.name.endswith(f".{zone}"):
        return [f"'RRSet with DNS name {record.name} is not permitted in zone {zone}'"]
    if not record.values:
        return [f"'Invalid request: missing field ResourceRecords in {label}'"]
    present = held.get((record.name, record.kind))
    if action == "CREATE" and present is not None:
        return [f"'Tried to create resource record set {label} but it already exists'"]
    if action != "DELETE":
        return _alone(record, held)
    if record.name == zone and record.kind in ("SOA", "NS"):
        return [f"'A HostedZone must contain exactly one {record.kind} record set for the zone itself.'"]
    if present is None:
        return [f"'Tried to delete resource record set {label} but it was not found'"]
    if (present.ttl_s, sorted(present.values)) != (record.ttl_s, sorted(record.values)):
        return [
            f"'Tried to delete resource record set {label} but the values provided do not match the current values'"
        ]
    return []


def _alone(record: RecordSet, held: Mapping[tuple[str, str], RecordSet]) -> list[str]:
    others = {kind for name, kind in held if name == record.name} - {record.kind}
    if others and (record.kind == "CNAME" or "CNAME" in others):
        return [f"'RRSet of type {record.kind} with DNS name {record.name} conflicts with a CNAME'"]
    return []


def _shown(record: RecordSet) -> dict[str, Any]:
    records = [{"Value": value} for value in record.values]
    return {"Name": record.name, "Type": record.kind, "TTL": record.ttl_s, "ResourceRecords": records}

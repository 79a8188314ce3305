"""Route 53 over the drill's own zones: what is changed here is what the name servers answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from cockpit.drill.aws.errors import AwsError
from cockpit.drill.aws.identity import Timings
from cockpit.drill.aws.wire import Call, Operation
from cockpit.drill.clock import DrillClock

KEPT_CHANGES = 500


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One record set; names absolute with the trailing dot, values in presentation form."""

    name: str
    kind: str
    ttl_s: int
    values: tuple[str, ...]


class Zones(Protocol):
    """The zones that Route 53 hosts, by name with the trailing dot."""

    def names(self) -> Sequence[str]:
        """The zones' names."""
        ...

    def records(self, zone: str) -> Sequence[RecordSet]:
        """All record sets of a zone."""
        ...

    def replace(self, zone: str, record: RecordSet) -> None:
        """Make a record set so; raises BadInput for what the zone cannot hold."""
        ...

    def remove(self, zone: str, name: str, kind: str) -> None:
        """Take a record set away; raises BadInput for what the zone cannot lose."""
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
        self._changes: dict[str, _Change] = {}
        self._numbered = 0

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "ListHostedZones": self.list_hosted_zones,
            "ListHostedZonesByName": self.list_hosted_zones_by_name,
            "ListResourceRecordSets": self.list_record_sets,
            "ChangeResourceRecordSets": self.change_record_sets,
            "GetChange": self.get_change,
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
        held = {(record.name, record.kind): record for record in self._zones.records(zone)}
        planned = [(change["Action"], _read(change["ResourceRecordSet"])) for change in batch["Changes"]]
        problems = [problem for action, record in planned for problem in _problems(action, record, zone, held)]
        if problems:
            raise AwsError("InvalidChangeBatch", f"[{', '.join(problems)}]", 400)
        for action, record in planned:
            if action == "DELETE":
                self._zones.remove(zone, record.name, record.kind)
            else:
                self._zones.replace(zone, record)
        return {"ChangeInfo": self._info(self._note(call.at, batch.get("Comment", "")))}

    def get_change(self, call: Call) -> Mapping[str, Any]:
        """Route 53 GetChange: PENDING until every name server has it."""
        change = self._changes.get(call.parameters["Id"].rpartition("/")[2])
        if change is None:
            raise AwsError("NoSuchChange", "The specified change does not exist.", 404)
        return {"ChangeInfo": self._info(change)}

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


def _order(name: str) -> list[str]:
    return name.rstrip(".").split(".")[::-1]


def _read(given: Mapping[str, Any]) -> RecordSet:
    values = tuple(item["Value"] for item in given.get("ResourceRecords", []))
    return RecordSet(_absolute(given["Name"]), given["Type"], int(given.get("TTL", 300)), values)


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

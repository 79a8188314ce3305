"""A zone in Route 53: changed in batches that are made whole or not at all.

A record set that is there is deleted with exactly the values that the plan saw and created anew in the same
batch: Route 53 refuses a DELETE that does not match, so a record that somebody changed meanwhile is not
overwritten. SOA and NS of the zone itself cannot be deleted and are upserted.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from botocore import xform_name

from cockpit.actions.aws import AwsClients, reading, sent
from cockpit.actions.contract import EffectRefused
from cockpit.actions.dns.hosted_zones import (
    hosted_zones,
    list_record_sets,
    plain_name,
    record_sets_among,
    standard_value,
)
from cockpit.actions.dns.providers.provider import Whereabouts, refuse_alien
from cockpit.actions.dns.record_state import Change, Key, Records
from cockpit.errors import NotFound, WorldError
from cockpit.health.zone_copy import RecordSet
from cockpit.text import visible

CHANGE = "ChangeResourceRecordSets"
MOST = 100
"""Record sets in one batch; Route 53 takes 1,000 values and 32,000 characters, and an upsert counts twice."""

FEW = 12
"""Up to so many record sets are read one by one, more by reading all that lie among them."""


class Route53Zone:
    """One hosted zone of the pinned account."""

    name = "Route 53"
    operation = CHANGE
    most = MOST

    def __init__(self, clients: AwsClients, zone: str, zone_id: str) -> None:
        self.zone = zone
        self._clients = clients
        self._zone_id = zone_id
        self._notes: list[str] = []
        self._change_id = ""

    @property
    def zone_id(self) -> str:
        """The hosted zone's id, as AWS writes it."""
        return self._zone_id

    @property
    def bare_id(self) -> str:
        """The id as the operations on signing want it."""
        return self._zone_id.rpartition("/")[2]

    def signing(self, purpose: str = "plan") -> Mapping[str, Any]:
        """How the zone is signed, and with which keys (route53 GetDNSSEC); raises WorldError."""
        client = self._clients.reader("route53", purpose)
        answer: Mapping[str, Any] = reading(
            f"how {self.zone} is signed", lambda: client.get_dnssec(HostedZoneId=self.bare_id)
        )
        return answer

    def sign(self, operation: str, request: Mapping[str, Any]) -> None:
        """Send one change of signing or of a key in one attempt; raises EffectRefused or EffectUnknown."""
        client = self._clients.changer("route53", (operation,))
        outcome = sent(f"{operation} for {self.zone}", lambda: getattr(client, xform_name(operation))(**request))
        if outcome is not None:
            raise outcome

    def whereabouts(self) -> Whereabouts:
        """The pinned account, as whom STS knows the caller."""
        caller = self._clients.caller()
        return Whereabouts(caller.account, self._clients.region, caller.arn)

    def require_changes(self) -> None:
        """Raise ReadOnly when nothing may be changed from here."""
        self._clients.require_changes()

    def records(self, keys: Sequence[Key]) -> Records:
        """These record sets (route53 ListResourceRecordSets); raises WorldError."""
        raw = self._raw(keys)
        return {key: _record(key, raw[key]) if key in raw else None for key in keys}

    def everything(self) -> Records:
        """Every record set but aliases and those that answer by policy, which are noted."""
        found: dict[Key, RecordSet | None] = {}
        self._notes = []
        for each in list_record_sets(self._clients, self._zone_id, self.zone):
            key = plain_name(str(each["Name"])), str(each["Type"])
            if _special(each):
                self._notes.append(f"{key[0]} {key[1]} is an alias or answers by policy: it stays as it is")
                found.pop(key, None)
            else:
                found[key] = _record(key, each)
        return found

    def notes(self) -> Sequence[str]:
        """What `everything()` left out."""
        return self._notes

    def request(self, changes: Sequence[Change]) -> dict[str, Any]:
        """The parameters of ChangeResourceRecordSets."""
        return self._batch(changes, {})

    def send(self, changes: Sequence[Change]) -> str:
        """One ChangeResourceRecordSets; raises EffectRefused or EffectUnknown."""
        refuse_alien(changes, self.zone)
        try:
            raw = self._raw([change.key for change in changes])
        except WorldError as error:
            raise EffectRefused("NOT_READ", str(error)) from None
        for change in changes:
            held = raw.get(change.key)
            seen = None if held is None else _record(change.key, held)
            if (seen and sorted(seen.values)) != (change.was and sorted(change.was.values)):
                raise EffectRefused("CHANGED_SINCE", f"{change.name} {change.type} was changed meanwhile.")
        client = self._clients.changer("route53", (CHANGE,))
        answers: list[Mapping[str, Any]] = []

        def call() -> None:
            answers.append(client.change_resource_record_sets(**self._batch(changes, raw)))

        outcome = sent(f"{CHANGE} for {self.zone}", call)
        if outcome is not None:
            raise outcome
        self._change_id = str(answers[0]["ChangeInfo"]["Id"])
        return f"Route 53 accepted {len(changes)} changes ({visible(self._change_id, limit=60)})"

    def settled(self) -> str:
        """Whether Route 53 says INSYNC of the last change (GetChange); a runner that died has forgotten it."""
        if not self._change_id:
            return ""
        client = self._clients.reader("route53", "verify")
        answer = reading("how far the change is", partial(client.get_change, Id=self._change_id))
        status = visible(answer["ChangeInfo"]["Status"], limit=20)
        return "" if status == "INSYNC" else f"Route 53 says {status}"

    def _raw(self, keys: Sequence[Key]) -> dict[Key, Mapping[str, Any]]:
        wanted, found = set(keys), {}
        pages: list[Sequence[Mapping[str, Any]]]
        if len(keys) <= FEW:
            pages = [self._from(key) for key in dict.fromkeys(keys)]
        else:
            # Where Route 53 sorts a wildcard is not documented: each of them is asked for.
            plain = {name for name, _ in keys if "*" not in name}
            pages = [record_sets_among(self._clients, self._zone_id, self.zone, plain)] if plain else []
            pages += [self._from(key) for key in wanted if "*" in key[0]]
        for each in (one for page in pages for one in page):
            key = plain_name(str(each["Name"])), str(each["Type"])
            if key in wanted:
                if _special(each):
                    raise WorldError(f"{key[0]} {key[1]} is an alias or answers by policy: change it in Route 53.")
                found[key] = each
        return found

    def _from(self, key: Key) -> list[Mapping[str, Any]]:
        call = partial(
            self._clients.reader("route53").list_resource_record_sets,
            HostedZoneId=self._zone_id,
            StartRecordName=f"{key[0]}.",
            StartRecordType=key[1],
            MaxItems="1",
        )
        found: list[Mapping[str, Any]] = reading(f"what {key[0]} {key[1]} is", call)["ResourceRecordSets"]
        return found

    def _batch(self, changes: Sequence[Change], raw: Mapping[Key, Mapping[str, Any]]) -> dict[str, Any]:
        ordered = [*self._away(changes, raw), *self._there(changes)]
        return {"HostedZoneId": self._zone_id, "ChangeBatch": {"Changes": ordered}}

    def _away(self, changes: Sequence[Change], raw: Mapping[Key, Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [
            {"Action": "DELETE", "ResourceRecordSet": _exact(change.was, raw.get(change.key))}
            for change in changes
            if change.was is not None and not self._fixed(change)
        ]

    def _there(self, changes: Sequence[Change]) -> list[dict[str, Any]]:
        return [
            {
                "Action": "CREATE" if change.was is None else "UPSERT",
                "ResourceRecordSet": _exact(change.will, None),
            }
            for change in changes
            if change.will is not None
        ]

    def _fixed(self, change: Change) -> bool:
        return change.name == self.zone and change.type in ("SOA", "NS")


def find_zone(clients: AwsClients, name: str, zone_id: str = "") -> Route53Zone:
    """The hosted zone that holds a name, the deepest; raises NotFound or WorldError."""
    holding = [
        (each, zone)
        for each, zone in hosted_zones(clients)
        if (not zone_id or each.endswith(zone_id)) and (name == zone or name.endswith(f".{zone}"))
    ]
    if not holding:
        raise NotFound(f"The account has no public hosted zone for {name}.")
    found, zone = max(holding, key=lambda each: len(each[1]))
    return Route53Zone(clients, zone, found)


def _special(each: Mapping[str, Any]) -> bool:
    return bool(each.get("AliasTarget") or each.get("SetIdentifier"))


def _record(key: Key, each: Mapping[str, Any]) -> RecordSet:
    values = {standard_value(key[1], str(one["Value"])) for one in each.get("ResourceRecords", ())}
    return RecordSet(*key, int(each.get("TTL", 0)), tuple(sorted(values)))


def _exact(record: RecordSet | None, raw: Mapping[str, Any] | None) -> dict[str, Any]:
    """As Route 53 has it where it has it, for a DELETE has to match to the letter."""
    if raw is not None:
        return dict(raw)
    if record is None:
        return {}
    values = [{"Value": value} for value in record.values]
    return {"Name": f"{record.name}.", "Type": record.type, "TTL": record.ttl_s, "ResourceRecords": values}

"""The hosted zones of the account in Route 53, and all records of one; reading only."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import dns.exception
import dns.name
import dns.rdata

from cockpit.actions.aws import AwsClients, reading
from cockpit.errors import NotFound
from cockpit.health.zone_copy import ROUTE53, RecordSet, ZoneCopy
from cockpit.text import visible

MOST_PAGES = 500
"""Pages of 300 records; a hosted zone has 10,000 at most unless AWS raised its quota."""


def hosted_zones(clients: AwsClients) -> list[tuple[str, str]]:
    """Id and name of every public hosted zone (route53 ListHostedZones); raises WorldError."""
    client = clients.reader("route53")
    found: list[tuple[str, str]] = []
    page: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        answer = reading("which hosted zones there are", partial(client.list_hosted_zones, **page))
        for zone in answer["HostedZones"]:
            if not zone.get("Config", {}).get("PrivateZone"):
                found.append((str(zone["Id"]), visible(zone["Name"]).rstrip(".").lower()))
        if not answer.get("IsTruncated"):
            break
        page = {"Marker": answer["NextMarker"]}
    return found


def copy_zone(clients: AwsClients, domain: str) -> ZoneCopy:
    """All record sets of the zone that holds a domain (route53 ListResourceRecordSets).

    Aliases of Route 53 have no values in DNS terms and are noted. Raises NotFound, WorldError or WrongIdentity.
    """
    holding = [zone for zone in hosted_zones(clients) if domain == zone[1] or domain.endswith(f".{zone[1]}")]
    if not holding:
        raise NotFound(f"The account has no public hosted zone for {domain}.")
    zone_id, zone = max(holding, key=lambda each: len(each[1]))
    sets: list[RecordSet] = []
    notes: list[str] = []
    for each in list_record_sets(clients, zone_id, zone):
        name = plain_name(str(each["Name"]))
        if each.get("AliasTarget"):
            target = visible(each["AliasTarget"].get("DNSName", "")).rstrip(".")
            notes.append(f"{name} {each['Type']} is an alias of Route 53 for {target}")
            continue
        if each.get("SetIdentifier"):
            notes.append(f"{name} {each['Type']} answers by policy ({visible(each['SetIdentifier'], limit=60)})")
        values = tuple(
            sorted(standard_value(str(each["Type"]), str(one["Value"])) for one in each["ResourceRecords"])
        )
        sets.append(RecordSet(name, str(each["Type"]), int(each.get("TTL", 0)), values))
    return ZoneCopy(zone, ROUTE53, tuple(sorted(sets)), tuple(notes))


def list_record_sets(clients: AwsClients, zone_id: str, zone: str) -> list[dict[str, Any]]:
    """Every record set of a hosted zone, as AWS writes them (route53 ListResourceRecordSets); raises WorldError."""
    client = clients.reader("route53")
    found: list[dict[str, Any]] = []
    page: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        call = partial(client.list_resource_record_sets, HostedZoneId=zone_id, **page)
        answer = reading(f"which records {zone} has", call)
        found += answer["ResourceRecordSets"]
        if not answer.get("IsTruncated"):
            break
        page = _next_page(answer)
    return found


def record_sets_among(clients: AwsClients, zone_id: str, zone: str, names: Collection[str]) -> list[dict[str, Any]]:
    """The record sets between the first and the last of some names, in the order of Route 53; raises WorldError."""
    ordered = sorted(names, key=zone_order)
    client = clients.reader("route53")
    found: list[dict[str, Any]] = []
    page: dict[str, str] = {"StartRecordName": f"{ordered[0]}."}
    for _ in range(MOST_PAGES):
        call = partial(client.list_resource_record_sets, HostedZoneId=zone_id, **page)
        answer = reading(f"which records {zone} has", call)
        found += answer["ResourceRecordSets"]
        following = answer.get("NextRecordName", "")
        if not answer.get("IsTruncated") or zone_order(plain_name(following)) > zone_order(ordered[-1]):
            break
        page = _next_page(answer)
    return found


def zone_order(name: str) -> str:
    """What Route 53 sorts names by: the labels backwards, each with its dot."""
    return ".".join(reversed(name.split("."))) + "."


def _next_page(answer: Mapping[str, Any]) -> dict[str, str]:
    names = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
    return {name.replace("Next", "Start"): answer[name] for name in names if answer.get(name)}


def plain_name(name: str) -> str:
    r"""Route 53 writes a wildcard as `\052`."""
    return visible(name.replace("\\052", "*")).rstrip(".").lower()


def standard_value(rtype: str, value: str) -> str:
    """A value as a zone transfer would give it, so that copies of both kinds can be compared."""
    try:
        text = dns.rdata.from_text("IN", rtype, value, origin=dns.name.root, relativize=False).to_text()
    except (dns.exception.DNSException, ValueError):
        text = value
    return visible(text, limit=70_000)

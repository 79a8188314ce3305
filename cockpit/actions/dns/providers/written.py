"""A change written out for a person, in the forms that people paste: zone file, nsupdate, Route 53, terraform."""

import json
from collections.abc import Mapping, Sequence

from cockpit.actions.dns.providers.rfc2136 import nsupdate_lines
from cockpit.actions.dns.record_state import Change
from cockpit.health.zone_copy import RecordSet, zone_text


def written(changes: Sequence[Change], zone: str) -> Mapping[str, str]:
    """The same change in each form, by the form's name."""
    return {
        "zone file": zone_file(changes),
        "nsupdate": nsupdate(changes, zone),
        "route53": route53_json(changes),
        "terraform": terraform(changes),
    }


def zone_file(changes: Sequence[Change]) -> str:
    """Lines of a zone file: what goes stands as a comment."""
    gone = zone_text([change.was for change in changes if change.was is not None])
    there = zone_text([change.will for change in changes if change.will is not None])
    return "".join(f"; remove: {line}\n" for line in gone.splitlines()) + there


def nsupdate(changes: Sequence[Change], zone: str) -> str:
    """What nsupdate reads on its standard input (RFC 2136)."""
    return "\n".join([f"zone {zone}.", *nsupdate_lines(changes), "send"]) + "\n"


def route53_json(changes: Sequence[Change]) -> str:
    """A change batch for `aws route53 change-resource-record-sets --change-batch`."""
    ordered = [{"Action": "DELETE", "ResourceRecordSet": _set(one.was)} for one in changes if one.was is not None]
    ordered += [
        {"Action": "CREATE", "ResourceRecordSet": _set(one.will)} for one in changes if one.will is not None
    ]
    return json.dumps({"Changes": ordered}, indent=2) + "\n"


def _set(record: RecordSet) -> dict[str, object]:
    values = [{"Value": value} for value in record.values]
    return {"Name": f"{record.name}.", "Type": record.type, "TTL": record.ttl_s, "ResourceRecords": values}


def terraform(changes: Sequence[Change]) -> str:
    """Resources in terraform's language; what goes is named in a comment."""
    return "\n".join(_resource(change) for change in changes)


def _resource(change: Change) -> str:
    label = "".join(letter if letter.isalnum() else "_" for letter in f"{change.name}_{change.type.lower()}")
    label = f"r_{label}" if not label[:1].isalpha() else label
    if change.will is None:
        return f"# remove the resource for {change.name} {change.type}\n"
    values = ", ".join(json.dumps(_plain_text(value)) for value in change.will.values)
    return (
        f'resource "aws_route53_record" "{label}" {{\n'
        f"  zone_id = var.zone_id\n"
        f'  name    = "{change.name}"\n'
        f'  type    = "{change.type}"\n'
        f"  ttl     = {change.will.ttl_s}\n"
        f"  records = [{values}]\n"
        f"}}\n"
    )


def _plain_text(value: str) -> str:
    """terraform adds the outer quotes of a text itself, and wants those between strings escaped."""
    return value[1:-1].replace('" "', '""') if value.startswith('"') and value.endswith('"') else value

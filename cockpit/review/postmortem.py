"""The post-mortem of an incident: its template filled with everything that the record already knows."""

from collections.abc import Mapping

from cockpit.comms import facts as words
from cockpit.comms.templates import Rendered, render
from cockpit.review.facts import Record, alert_line, blocks, detection, verification
from cockpit.review.markdown import inline

TEMPLATE = "postmortem"
"""Name of the template, bundled and in the database."""


def postmortem(template: str, record: Record) -> Rendered:
    """Fill the template; facts without a value stand there as `[name: missing]`."""
    return render(template, values(record))


def values(record: Record) -> Mapping[str, str]:
    """Every placeholder that the record answers, escaped for Markdown."""
    incident = record.incident
    known = {name: inline(value) for name, value in words.facts(incident, record.now).items()}
    known |= {f"{block.name}_table": block.text for block in blocks(record)}
    known["alerts"] = "; ".join(alert_line(alert) for alert in record.alerts) or "none"
    known["reopened"] = f"{incident.reopened}×" if incident.reopened else "no"
    known["detection"] = detection(record)
    known["verification"] = verification(incident)
    if incident.closed_early and incident.closed_at is not None:
        known["resolved"] = f"{words.moment(incident.closed_at)} (closed early: {inline(incident.close_code)})"
    return known

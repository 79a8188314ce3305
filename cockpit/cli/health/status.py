"""`cockpit status`: what is broken, from what was last recorded. Nobody is asked; ages say how old it is."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import age, as_json, say, table, verdict_mark
from cockpit.cli.session import Session
from cockpit.desk.views import DomainRow, Freshness, Gauge, SesPanel
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.desk import Desk


@click.command(cls=Command, example="cockpit status --json")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.option(
    "--plain", is_flag=True, help="Print tab-separated lines, one per domain: verdict, domain, check, text."
)
@click.pass_obj
def command(session: Session, json_wanted: bool, plain: bool) -> int:
    """Say what is broken, from what was last recorded; asks nobody."""
    with session.desk(reading=True) as desk:
        if json_wanted:
            as_json(_document(desk))
        elif plain:
            for row in desk.domains():
                say("\t".join(visible(cell) for cell in (row.verdict.value, row.target, row.check, row.headline)))
        else:
            _print(desk)
    return 0


def _document(desk: "Desk") -> dict[str, object]:
    header = desk.header()
    return {
        "at": desk.clock.now(),
        "profile": {"kind": header.kind, "name": header.profile},
        "account": header.account,
        "region": header.region,
        "watch": {"running": header.watch_running, "holder": header.watch},
        "counts": {verdict.value: count for verdict, count in header.counts.items()},
        "domains": list(desk.domains()),
        "ses": desk.ses(),
        "alerts": list(desk.alerts()),
        "incidents": list(desk.incidents.open_incidents()),
    }


def _print(desk: "Desk") -> None:
    now = desk.clock.now()
    header = desk.header()
    watch = (
        f"watch: {visible(header.watch)}" if header.watch_running else "no watch is running: values only get older"
    )
    place = visible(" ".join(filter(None, (header.account, header.region))) or "no AWS account")
    say(f"{visible(header.profile.upper())}  {place}  {watch}")
    rows = desk.domains()
    if not rows:
        say("No domain is configured. Write a configuration with: cockpit init, or practise with: cockpit drill")
    for row in rows:
        say(_domain_line(row, now))
    panel = desk.ses()
    if panel.watched:
        say(_ses_line(panel, now))
    for incident in desk.incidents.open_incidents():
        lead = visible(incident.lead or "nobody")
        say(f"{incident.severity} {incident.ref} {visible(incident.title)}  {incident.state}, lead {lead}")
    open_alerts = [alert for alert in desk.alerts() if alert.cleared_at is None]
    if open_alerts:
        say()
        table(
            [
                [alert.at.strftime("%H:%M:%SZ"), alert.severity, alert.target, alert.headline]
                for alert in open_alerts
            ],
            ["Alert", "Severity", "Domain", "What"],
        )


def _domain_line(row: DomainRow, now: datetime) -> str:
    note = "" if row.freshness is Freshness.FRESH else f"  ({row.freshness.value})"
    headline = visible(row.headline) or "not looked at yet"
    return f"{verdict_mark(row.verdict)} {visible(row.target)}  {headline}  {age(row.at, now)}{note}"


def _ses_line(panel: SesPanel, now: datetime) -> str:
    rates = ", ".join(f"{gauge.name} {_percent(gauge)}" for gauge in (panel.bounce, panel.complaint))
    return f"{verdict_mark(panel.verdict)} SES  {visible(panel.headline)}  {rates}  {age(panel.at, now)}"


def _percent(gauge: Gauge) -> str:
    shown = gauge.reported if gauge.reported is not None else gauge.value
    return "not known" if shown is None else f"{shown * 100:.2f} %"

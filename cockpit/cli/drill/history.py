"""`cockpit drill history`: what was practised here, how it went, and whether it gets better."""

from pathlib import Path

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.practice.history import Trend, span
from cockpit.practice.run import Run


@click.command(cls=Command, example="cockpit drill history --by-person")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.option("--by-person", is_flag=True, help="Set people beside each other instead of scenarios.")
@click.option("--report", "report", metavar="ID", help="Print the report of one drill.")
@click.option("--export", "export", metavar="ID", help="Write the report of one drill to a new file.")
@click.option("--into", metavar="DIR", default=".", help="With --export: the directory to write to.")
@click.pass_obj
def command(
    session: Session, json_wanted: bool, by_person: bool, report: str | None, export: str | None, into: str
) -> int:
    """Show the drills that were run, with scores and trends."""
    with session.desk() as desk:
        practice = desk.practice
        if report is not None:
            say(practice.report(report))
            return 0
        if export is not None:
            say(str(practice.export(export, Path(into))))
            return 0
        runs, trends = practice.runs(), practice.by_person() if by_person else practice.by_scenario()
        if json_wanted:
            as_json({"runs": runs, "by_scenario": practice.by_scenario(), "by_person": practice.by_person()})
            return 0
        if not runs:
            say("No drill was run yet; begin with: cockpit drill dkim-missing")
            return 0
        _runs(runs)
        say()
        _trends(trends, "Person" if by_person else "Drill")
    return 0


def _runs(runs: tuple[Run, ...]) -> None:
    table(
        [
            [
                run.uid[:8],
                f"{run.result.started:%Y-%m-%d %H:%MZ}",
                run.result.scenario,
                str(run.result.percent),
                span(run.result.detection_s),
                span(run.result.restoration_s),
                ", ".join(run.people),
            ]
            for run in runs[-20:]
        ],
        ["Id", "When", "Drill", "Score", "Noticed after", "Restored after", "Who"],
    )


def _trends(trends: tuple[Trend, ...], subject: str) -> None:
    table(
        [
            [
                trend.subject,
                str(trend.runs),
                str(trend.last),
                "-" if trend.change is None else f"{trend.change:+d}",
                str(trend.best),
                span(trend.detection_s),
                span(trend.restoration_s),
            ]
            for trend in trends
        ],
        [subject, "Runs", "Last", "Change", "Best", "Noticed, mean", "Restored, mean"],
    )

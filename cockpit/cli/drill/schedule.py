"""`cockpit drill schedule`: the month's four drills, and who has to practise by when."""

from collections.abc import Sequence
from datetime import timedelta

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.practice.calendar import Slot
from cockpit.practice.training import Requirement, Standing

WORDS = {Standing.OK: "ok", Standing.DUE: "due", Standing.OVERDUE: "overdue"}


@click.command(cls=Command, example="cockpit drill schedule")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.option("--all", "all_wanted", is_flag=True, help="Show also what is in order.")
@click.pass_obj
def command(session: Session, json_wanted: bool, all_wanted: bool) -> int:
    """Show the month's drills, and who has to practise by when."""
    with session.desk() as desk:
        slots, asked = desk.practice.month(), desk.practice.requirements()
        if json_wanted:
            overdue = desk.practice.overdue()
            as_json({"month": slots, "requirements": asked, "overdue": overdue})
            return 0
    _month(slots)
    shown = [one for one in asked if all_wanted or one.standing is not Standing.OK]
    say()
    if not shown:
        say("Nobody has anything due." if asked else "No people are configured; see `people` in cockpit.yaml.")
        return 0
    people(shown)
    return 0


def _month(slots: tuple[Slot, ...]) -> None:
    table(
        [
            [
                str(slot.week.number),
                f"by {slot.ends - timedelta(days=1):%d %b}",
                slot.state,
                f"{slot.week.duration.total_seconds() / 60:.0f} min",
                slot.week.drill,
                f"cockpit drill {slot.week.scenario}",
                ", ".join(slot.week.participants),
            ]
            for slot in slots
        ],
        ["Week", "When", "State", "Lasts", "Drill", "Command", "Participants"],
    )


def people(shown: Sequence[Requirement]) -> None:
    """Print who has to practise what, by when, and when they last did."""
    table(
        [
            [
                one.person,
                WORDS[one.standing],
                f"{one.due:%Y-%m-%d}" if one.due else "-",
                f"{one.met:%Y-%m-%d}" if one.met else "never",
                one.title,
            ]
            for one in shown
        ],
        ["Who", "State", "Due", "Last", "What"],
    )

"""`cockpit approve`: a second person looks at a plan or a step of a runbook, and signs it at their own terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cockpit.cli.action import print_plan
from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.errors import BadInput
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.desk import Desk
    from cockpit.desk.remedies.actions import ActionView
    from cockpit.desk.runbooks.people import StepAsked


@click.command("approve", cls=Command, example="cockpit approve K7QF-2M9X --as kblake")
@click.argument("code", required=False)
@click.option("--reject", "rejected", metavar="WHY", help="End the plan instead, with the reason.")
@click.option("--revoke", is_flag=True, help="Take your approval back, as long as nothing was sent.")
@click.option("--by-phone", "by", metavar="NAME", help="Enter the one-time code that NAME reads out to you.")
@click.option(
    "--codes", "codes_wanted", is_flag=True, help="Make one-time codes to read out; they replace older ones."
)
@click.option("--yes", is_flag=True, help="Do not ask again after showing the plan.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    session: Session,
    code: str | None,
    rejected: str | None,
    revoke: bool,
    by: str | None,
    codes_wanted: bool,
    yes: bool,
    json_wanted: bool,
) -> int:
    """Approve the plan or step with this CODE; without one, list what waits for an approval."""
    from cockpit.desk.remedies.approvals import Approvals

    with session.desk(reading=code is None and not codes_wanted) as desk:
        room = Approvals(desk.feed, desk.actions, desk.operator, session.keys, desk.runbooks.codes_used)
        if codes_wanted:
            made = room.make_codes()
            if json_wanted:
                as_json(made)
            else:
                say("Read one out to approve a plan by phone. Each counts once; they are not shown again.")
                for each in made:
                    say(f"  {each}")
            return 0
        if code is None:
            _list(room.waiting(), desk.runbooks.to_approve(), json_wanted)
            return 0
        step = next((each for each in desk.runbooks.to_approve() if _same(each.code, code)), None)
        if step is not None:
            return _step(desk, step, rejected, revoke, by, yes, json_wanted)
        view = room.find(code)
        if rejected is not None:
            view = room.reject(code, rejected)
        elif revoke:
            view = room.revoke(code)
        elif by is not None:
            view = room.approve_by_phone(view.uid, by, str(click.prompt(f"The code that {by} reads out")))
        else:
            if view.plan is not None and not json_wanted:
                print_plan(view.plan)
            if not yes and not click.confirm("Approve this plan?", default=False):
                say("It is not approved.")
                return 1
            view = room.approve(code)
    if json_wanted:
        as_json(view)
    else:
        approved = f"approved by {', '.join(view.approved_by)}" if view.approved_by else "not approved"
        say(f"{view.code_to_approve}  {view.state}: {approved}{f'; {visible(view.reason)}' if view.reason else ''}")
    return 0


def _list(plans: "Sequence[ActionView]", steps: "Sequence[StepAsked]", json_wanted: bool) -> None:
    if json_wanted:
        as_json([*plans, *steps])
        return
    for view in plans:
        say(f"{view.code_to_approve}  {visible(view.title)}  by {view.operator}: {view.approval_why}")
    for step in steps:
        say(f"{step.code}  {step.title}, {step.step}: {step.question}  by {', '.join(step.hands)}")
    if not plans and not steps:
        say("No plan and no step waits for an approval.")


def _same(code: str, typed: str) -> bool:
    from cockpit.actions.approval import canonical_code

    return canonical_code(code) == canonical_code(typed)


def _step(
    desk: "Desk",
    step: "StepAsked",
    rejected: str | None,
    revoke: bool,
    by: str | None,
    yes: bool,
    json_wanted: bool,
) -> int:
    """Approve or reject a step of a runbook, after showing what it asks."""
    if revoke:
        raise BadInput("The approval of a step is not taken back: reject it, or have the run stopped.")
    if rejected is not None:
        desk.runbooks.reject(step.run, rejected)
    elif by is not None:
        desk.runbooks.approve_by_phone(step.run, by, str(click.prompt(f"The code that {by} reads out")))
    else:
        if not json_wanted:
            say(f"{step.title}, worked by {', '.join(step.hands)}")
            say(f"{step.step}: {step.question}")
        if not yes and not click.confirm("Approve this step?", default=False):
            say("It is not approved.")
            return 1
        desk.runbooks.approve(step.run)
    found = next(each for each in desk.runbooks.get(step.run).steps if each.id == step.id)
    if json_wanted:
        as_json(found)
    else:
        say(f"{step.code}  {found.state}{f': {found.said}' if found.said else ''}")
    return 0

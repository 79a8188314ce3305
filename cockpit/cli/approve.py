"""`cockpit approve`: a second person looks at a plan and signs it, from a terminal of their own."""

import click

from cockpit.cli.action import print_plan
from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.text import visible


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
    """Approve the plan with this CODE; without one, list the plans that wait for an approval."""
    from cockpit.desk.remedies.approvals import Approvals

    with session.desk(reading=code is None and not codes_wanted) as desk:
        room = Approvals(desk.feed, desk.actions, desk.operator, session.places.config.parent / "keys")
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
            waiting = room.waiting()
            if json_wanted:
                as_json(waiting)
            for view in [] if json_wanted else waiting:
                say(f"{view.code_to_approve}  {visible(view.title)}  by {view.operator}: {view.approval_why}")
            if not waiting and not json_wanted:
                say("No plan waits for an approval.")
            return 0
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

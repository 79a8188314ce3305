"""`cockpit action`: remedies without the screen: what there are, plans, runs, and what was sent."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from cockpit.cli.frame import Group
from cockpit.cli.printing import age, as_json, say, table
from cockpit.cli.session import Session
from cockpit.errors import BadInput, NotFound
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.actions.contract import Plan
    from cockpit.desk import Desk
    from cockpit.desk.remedies.actions import ActionView

POLL_S = 0.1
GOOD = frozenset({"succeeded", "rolled back"})
json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


@click.group(cls=Group)
def command() -> None:
    """List remedies, plan and apply them, follow runs. REF is the beginning of a run's id."""


@command.command("remedies", example="cockpit action remedies --alert dkim-missing")
@click.option("--alert", metavar="KIND", default="", help="Only those that help with alerts of this kind.")
@json_option
def remedies(alert: str, json_wanted: bool) -> int:
    """List the remedies there are, with their parameters; optional ones stand in brackets."""
    from cockpit.actions.registry import CARDS, offered_for

    cards = offered_for(alert=alert) if alert else list(CARDS.values())
    if json_wanted:
        told = [
            {"name": each.name, "title": each.title, "parameters": each.parameters, "alerts": each.alerts}
            for each in cards
        ]
        as_json(told)
        return 0
    rows = []
    for each in cards:
        names = [name if name in each.required else f"[{name}]" for name in each.parameters]
        rows.append([each.name, " ".join(names), each.title])
    table(rows, ["Remedy", "Parameters", "What it does"])
    return 0


@command.command("list", example="cockpit action list --all --json")
@click.option("--all", "all_wanted", is_flag=True, help="Those that have ended too.")
@json_option
@click.pass_obj
def list_(session: Session, all_wanted: bool, json_wanted: bool) -> int:
    """List runs that have not ended, those in doubt first."""
    with session.desk(reading=True) as desk:
        views = desk.actions.all() if all_wanted else desk.actions.running()
        now = desk.clock.now()
    if json_wanted:
        as_json(views)
    elif not views:
        say(
            "No action was asked for yet."
            if all_wanted
            else "No action waits or runs; --all lists those that ended."
        )
    else:
        rows = [
            [each.uid[:8], str(each.state), each.operator, age(each.requested_at, now), each.title]
            for each in views
        ]
        table(rows, ["Run", "State", "By", "Age", "What"])
    return 0


@command.command("show", example="cockpit action show 3f2a9c41")
@click.argument("ref")
@json_option
@click.pass_obj
def show(session: Session, ref: str, json_wanted: bool) -> int:
    """Show one run: its plan and its journal."""
    with session.desk(reading=True) as desk:
        view = _find(desk, ref)
    if json_wanted:
        as_json(view)
        return 0
    say(f"{view.uid}  {view.state}")
    if view.plan is not None:
        print_plan(view.plan)
    _print_journal(view)
    return 0


@command.command("log", example="cockpit action log --target shop.example --json")
@click.option("--target", metavar="NAME", default="", help="Only what was sent for this target.")
@click.option("--action", "ref", metavar="REF", default="", help="Only what this run sent.")
@json_option
@click.pass_obj
def log(session: Session, target: str, ref: str, json_wanted: bool) -> int:
    """List the exact requests that were sent, and what became of each."""
    from cockpit.desk.remedies.command_log import command_log

    with session.desk(reading=True) as desk:
        uid = _find(desk, ref).uid if ref else ""
        sent = command_log(desk.feed.ledger, target, uid)
    if json_wanted:
        as_json(sent)
        return 0
    for each in sent:
        became = each.outcome or "under way"
        say(f"{each.at:%Y-%m-%dT%H:%M:%SZ}  {each.action[:8]}  {visible(each.target)}  {became}")
        say(f"  {each.operation} {msgspec.json.encode(each.request).decode()}")
        say(f"  account {each.account}  region {each.region}  as {each.caller} ({each.operator})")
        if each.detail:
            say(f"  {visible(each.detail, limit=400)}")
    if not sent:
        say("Nothing was sent.")
    return 0


@command.command("plan", example="cockpit action plan dns.lower-ttl name=www.shop.example type=A ttl=60")
@click.argument("name")
@click.argument("given", nargs=-1, metavar="KEY=VALUE...")
@json_option
@click.pass_obj
def plan(session: Session, name: str, given: tuple[str, ...], json_wanted: bool) -> int:
    """Plan a remedy and show it; nothing is changed. It can be applied with `action confirm` while it lasts."""
    with session.desk() as desk:
        uid = desk.actions.request(name, _parameters(given))
        view = _follow(desk, uid, lambda view: view.state == "planned" or _over(view))
    return _told(view, json_wanted)


@command.command("apply", example="cockpit action apply dns.publish name=x.shop.example type=A values=192.0.2.7")
@click.argument("name")
@click.argument("given", nargs=-1, metavar="KEY=VALUE...")
@click.option("--confirm", "phrase", metavar="PHRASE", help="What would be typed; asked for when left out.")
@click.option("--incident", metavar="ID", help="The incident that it belongs to.")
@json_option
@click.pass_obj
def apply(
    session: Session, name: str, given: tuple[str, ...], phrase: str | None, incident: str | None, json_wanted: bool
) -> int:
    """Plan a remedy, show it, apply it once its phrase is typed, and follow it to its end."""
    with session.desk() as desk:
        uid = desk.actions.request(name, _parameters(given), incident=incident)
        view = _follow(desk, uid, lambda view: view.state == "planned" or _over(view))
        if view.plan is None or _over(view):
            return _told(view, json_wanted)
        if not json_wanted:
            print_plan(view.plan)
        desk.actions.confirm(uid, phrase if phrase is not None else _asked(view))
        view = _follow(desk, uid, _over, say=None if json_wanted else say)
    return _told(view, json_wanted, journal=False)


@command.command("confirm", example="cockpit action confirm 3f2a9c41 shop.example")
@click.argument("ref")
@click.argument("phrase", nargs=-1, required=True, metavar="PHRASE")
@json_option
@click.pass_obj
def confirm(session: Session, ref: str, phrase: tuple[str, ...], json_wanted: bool) -> int:
    """Apply a plan that waits, by typing its phrase, and follow it to its end."""
    with session.desk() as desk:
        view = _find(desk, ref)
        desk.actions.confirm(view.uid, " ".join(phrase))
        view = _follow(desk, view.uid, _over, say=None if json_wanted else say)
    return _told(view, json_wanted, journal=False)


@command.command("undo", example="cockpit action undo 3f2a9c41")
@click.argument("ref")
@json_option
@click.pass_obj
def undo(session: Session, ref: str, json_wanted: bool) -> int:
    """Plan the way back of a run that succeeded; the plan is confirmed like any other."""
    with session.desk() as desk:
        uid = desk.actions.undo(_find(desk, ref).uid)
        view = _follow(desk, uid, lambda view: view.state == "planned" or _over(view))
    return _told(view, json_wanted)


@command.command("stop", example="cockpit action stop 3f2a9c41 --reason 'wrong zone'")
@click.argument("ref")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@click.pass_obj
def stop(session: Session, ref: str, reason: str) -> int:
    """Discard a plan, stop a run before its next step, or close one that needs a person, with what was found."""
    with session.desk() as desk:
        view = _find(desk, ref)
        if view.can_discard:
            desk.actions.discard(view.uid, reason)
            became = "It is discarded; nothing was changed."
        elif view.state == "needs human":
            desk.actions.close(view.uid, reason)
            became = f"It is closed: {visible(view.target)} can be changed by others again."
        else:
            desk.actions.cancel(view.uid, reason)
            became = "No further step is sent."
    say(became)
    return 0


def _parameters(given: Sequence[str]) -> dict[str, str]:
    parameters = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise BadInput(f"{visible(each, limit=60)!r} is not KEY=VALUE.")
        parameters[name] = value
    return parameters


def _find(desk: "Desk", ref: str) -> "ActionView":
    found = [each for each in desk.actions.all() if each.uid.startswith(ref.lower())]
    if not found:
        raise NotFound(f"There is no action {visible(ref, limit=40)}.")
    if len(found) > 1:
        raise BadInput(f"{visible(ref, limit=40)} could be {len(found)} runs: give more of the id.")
    return found[0]


def _over(view: "ActionView") -> bool:
    return not view.running and view.state != "planned"


def _follow(
    desk: "Desk", uid: str, until: Callable[["ActionView"], bool], say: Callable[[str], None] | None = None
) -> "ActionView":
    """Follow a run, telling each new entry of its journal; a runner that died is replaced."""
    told = 0
    while True:
        desk.refresh()
        desk.actions.resume_orphans()
        view = desk.actions.get(uid)
        if say is not None:
            for line in view.lines[told:]:
                say(f"{line.at:%H:%M:%SZ}  {line.text}")
            if view.approvals_missing and told != len(view.lines):
                say(f"waiting for {view.waiting_for}")
            told = len(view.lines)
        if until(view):
            return view
        # The runner is another process, and the file that both have open calls nobody: its version is looked at.
        time.sleep(POLL_S)


def _asked(view: "ActionView") -> str:
    return str(click.prompt(f"Type {view.phrase} to apply", default="", show_default=False))


def _told(view: "ActionView", json_wanted: bool, *, journal: bool = True) -> int:
    if json_wanted:
        as_json(view)
    else:
        if view.plan is not None and journal:
            print_plan(view.plan)
        say(f"{view.uid[:8]}  {view.state}{f': {visible(view.reason)}' if view.reason else ''}")
        if view.state == "planned":
            if view.approvals_missing:
                say(f"A second person has to approve it: cockpit approve {view.code_to_approve}")
            say(f"Apply it with: cockpit action confirm {view.uid[:8]} {view.phrase}")
    return 0 if view.state in GOOD or view.state == "planned" else 1


def print_plan(plan: "Plan") -> None:
    """Print a plan for people: diff, reach, way back, proof and checks."""
    say(f"Plan: {visible(plan.title)}")
    say(f"  account {plan.account}  region {plan.region}  as {plan.caller}")
    for line in plan.diff:
        undo = f"   (undo: {line.undo})" if line.undo else ""
        say(f"  {line.sign} {visible(line.label)}  {visible(line.text, limit=400)}{undo}")
    say(f"reach   {visible(plan.reach)}")
    say(f"undo    {plan.undo if plan.reversible else f'NO WAY BACK: {plan.undo}'}")
    for name, sentences in (("proof", plan.proof), ("checks", plan.checks)):
        for sentence in sentences:
            say(f"{name:<8}{visible(sentence, limit=2000)}")
    why = visible(plan.subject.get("risk", ""))
    say(f"risk    {plan.risk}{f': {why}' if why else ''}")


def _print_journal(view: "ActionView") -> None:
    for line in view.lines:
        say(f"{line.at:%Y-%m-%dT%H:%M:%SZ}  {line.text}")
    if view.waiting_for:
        say(f"waiting for {view.waiting_for}")

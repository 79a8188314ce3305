"""`cockpit ses`: the account, its rates and how far they are from AWS's lines, from what was last recorded."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import age, as_json, say, table, verdict_mark
from cockpit.cli.ses.replay import replay
from cockpit.cli.ses.todo import todo
from cockpit.cli.session import Session
from cockpit.clock import parse_time
from cockpit.health.rates import percent
from cockpit.ses.runway_words import runway_words
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.desk.health.ses import SesRoom
    from cockpit.desk.health.ses_views import Rate


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that all of them share."""
    function = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")(function)
    return click.option(
        "--account", "target", default="", metavar="TARGET", help="Which account, as ses:ACCOUNT/REGION."
    )(function)


@click.group(cls=Group)
def command() -> None:
    """Say how sending by SES stands: stops, rates and their runway, alarms, what came back."""


def _banner(room: "SesRoom") -> None:
    sentence = room.banner()
    if sentence:
        say(f"! {visible(sentence, limit=400)}")


@command.command("status", example="cockpit ses status --json")
@_options
@click.pass_obj
def status(session: Session, target: str, json_wanted: bool) -> int:
    """May the account send, who stopped it if not, and how every check stands; exit 1 when one FAILs, 2 UNKNOWN."""
    with session.desk(reading=True) as desk:
        room, now = desk.sending, desk.clock.now()
        found, calls = room.status(target), room.calls(target)
        if json_wanted:
            as_json({"status": found, "calls": calls, "banner": room.banner(), "accounts": room.accounts()})
        else:
            _banner(room)
            say(f"{found.target}  {verdict_mark(found.verdict)} {visible(found.headline)}")
            for pause in found.pauses:
                say(f"  paused: {visible(pause.what)}; lifted by {pause.lifted_by}")
            _checks([(view.verdict, view.title, view.headline, age(view.at, now)) for view in found.checks])
            for call in calls:
                say(f"  {call.action}: {visible(call.headline)}")
    return {0: 1, 2: 2}.get(found.verdict.rank, 0)


def _checks(rows: Sequence[tuple[Any, str, str, str]]) -> None:
    for verdict, title, headline, ago in rows:
        say(f"  {verdict_mark(verdict)} {title}: {visible(headline)} ({ago} ago)")


@command.command("rates", example="cockpit ses rates")
@_options
@click.pass_obj
def rates(session: Session, target: str, json_wanted: bool) -> int:
    """AWS's own figures beside ours, our ladder and AWS's lines, and each configuration set's."""
    with session.desk(reading=True) as desk:
        found, failure = desk.sending.rates(target), desk.sending.failure(target)
        if json_wanted:
            as_json({"rates": found, "failure": failure})
            return 0
        _banner(desk.sending)
        now = desk.clock.now()
        table([_rate_row(each, age(each.at, now)) for each in found], _RATE_HEADINGS)
        for each in found:
            for name, figure in sorted(each.sets.items()):
                say(f"  configuration set {visible(name)}: {each.name} {_fraction(figure)}")
        if failure is not None:
            say(f"{verdict_mark(failure.verdict)} Failed sends: {visible(failure.headline)}")
    return 0


_RATE_HEADINGS = ["Rate", "Verdict", "AWS", "Last hour", "By events", "Ours", "AWS's lines", "Age"]


def _rate_row(rate: "Rate", ago: str) -> list[str]:
    return [
        rate.name,
        str(rate.verdict),
        _fraction(rate.reported),
        _fraction(rate.windowed),
        _fraction(rate.by_events),
        " / ".join(map(percent, rate.ladder)),
        " / ".join(map(percent, rate.lines)),
        ago,
    ]


def _fraction(value: float | None) -> str:
    return "-" if value is None else percent(value)


@command.command("runway", example="cockpit ses runway")
@_options
@click.pass_obj
def runway(session: Session, target: str, json_wanted: bool) -> int:
    """How long until each line at the present trend, how many bounces that is, and what would heal it."""
    with session.desk(reading=True) as desk:
        found = desk.sending.rates(target)
        if json_wanted:
            as_json({"runway": {each.name: each.runway for each in found}})
            return 0
        _banner(desk.sending)
        for each in found:
            say(f"{each.name}: {visible(each.headline)}")
            for line in each.runway:
                say(f"  {percent(line.line)}{_owner(each, line.line)}: {runway_words(line, each.name)}")
    return 0


def _owner(rate: "Rate", line: float) -> str:
    review, pause = rate.lines
    if line == review:
        return " (AWS reviews)"
    return " (AWS may pause)" if line == pause else ""


def _moment(text: object) -> str:
    """A moment as AWS told it, to the second."""
    try:
        return f"{parse_time(str(text)):%Y-%m-%dT%H:%M:%SZ}"
    except ValueError:
        return visible(text or "-", limit=40)


@command.command("identities", example="cockpit ses identities --json")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def identities(session: Session, json_wanted: bool) -> int:
    """Every domain as SES last saw it, worst first."""
    with session.desk(reading=True) as desk:
        found, now = desk.sending.identities(), desk.clock.now()
    if json_wanted:
        as_json({"identities": found})
        return 0
    rows = [
        [
            each.domain,
            str(each.verdict),
            each.dkim,
            each.origin,
            each.mail_from_status,
            age(each.at, now),
            each.headline,
        ]
        for each in found
    ]
    table(rows, ["Domain", "Verdict", "DKIM", "Origin", "MAIL FROM", "Age", "What SES says"])
    return 0


@command.command("alarms", example="cockpit ses alarms")
@_options
@click.pass_obj
def alarms(session: Session, target: str, json_wanted: bool) -> int:
    """The six alarms an account should have, what is wrong with those it has, and how they changed."""
    with session.desk(reading=True) as desk:
        found, now = desk.sending.alarms(target), desk.clock.now()
        _banner(desk.sending) if not json_wanted else None
    if json_wanted:
        as_json(found)
        return 0
    say(f"{verdict_mark(found.verdict)} {visible(found.headline)} ({age(found.at, now)} ago)")
    rows = [
        [each.name, each.state or "missing", each.found or "-", "; ".join(each.problems)] for each in found.wanted
    ]
    table(rows, ["Wanted", "State", "Done by", "Problems"])
    for item in found.history[:20]:
        say(f"  {_moment(item.get('at'))} {visible(item.get('alarm'))}: {visible(item.get('says'))}")
    return 0


@command.command("health", example="cockpit ses health")
@_options
@click.pass_obj
def health(session: Session, target: str, json_wanted: bool) -> int:
    """AWS Health's events about SES of every status, and AWS's recommendations."""
    with session.desk(reading=True) as desk:
        found, advice, now = desk.sending.health(target), desk.sending.advice(target), desk.clock.now()
    if json_wanted:
        as_json({"health": found, "advice": advice})
        return 0
    say(f"{verdict_mark(found.verdict)} {visible(found.headline)} ({age(found.at, now)} ago)")
    for event in found.events:
        say(f"  {_moment(event.get('updated'))} {visible(event.get('status'))} {visible(event.get('code'))}")
        say(f"    {visible(event.get('text') or '', limit=300)}")
    for each in advice:
        say(f"  {visible(each.get('impact'))} {visible(each.get('type'))}: {visible(each.get('says'))}")
    return 0


@command.command("feedback", example="cockpit ses feedback --full")
@click.option("--full", is_flag=True, help="Show addresses in full.")
@click.option("--aside", is_flag=True, help="Show the messages that were set aside.")
@_options
@click.pass_obj
def feedback(session: Session, full: bool, aside: bool, target: str, json_wanted: bool) -> int:
    """What came back in the last hour, who is suppressed by it, and what could not be understood."""
    with session.desk(reading=True) as desk:
        found, left = desk.sending.feedback(target, full=full), desk.sending.aside(target) if aside else ()
        now = desk.clock.now()
    if json_wanted:
        as_json({"feedback": found, "aside": left})
        return 0
    say(f"{verdict_mark(found.verdict)} {visible(found.headline)} ({age(found.at, now)} ago)")
    if found.tally is not None:
        for name in ("domains", "reasons", "sets", "providers"):
            counted = ", ".join(f"{visible(each.name)} {each.number}" for each in getattr(found.tally, name)[:5])
            say(f"  {name}: {counted or '-'}")
    for line in found.newest[:20]:
        words = f"{line.kind} {visible(line.subtype)} {visible(line.recipient)}  {visible(line.reason)}"
        say(f"  {age(line.at, now)} {words}")
    for each in left:
        say(f"  set aside {age(each.at, now)} ago: {visible(each.why)}")
        say(f"    {visible(each.body, limit=300)}")
    return 0


command.add_command(replay)
command.add_command(todo)

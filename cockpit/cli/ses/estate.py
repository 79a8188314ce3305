"""`cockpit estate`: our own DKIM keys, how old they are, what is ready for phase 7, and new ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.errors import NotFound
from cockpit.paths import write_private
from cockpit.ses.estate.functions import DNS_NOTIFIER
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.actions.estate.stored import Estate
    from cockpit.desk import Desk
    from cockpit.ses.estate.board import KeyLine

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
_REMEDIES = ("ses.byodkim", "lambda.invoke")


@click.group(cls=Group)
def command() -> None:
    """Our own DKIM keys (BYODKIM) in S3: a key is good for 456 days, and is spoken of 60 days before."""


@command.command("list", example="cockpit estate list")
@json_option
@click.pass_obj
def show_all(session: Session, json_wanted: bool) -> int:
    """Every stored key, the one that ends soonest first; exit 1 when one has to be replaced."""
    from cockpit.ses.estate.board import worst_first

    with _estate(session) as (desk, estate):
        now = desk.clock.now()
        lines = worst_first(estate.keys(), now)
    due = [each for each in lines if each.verdict(now).rank < 3]
    if json_wanted:
        as_json({"keys": [_plain(each, now) for each in lines], "due": len(due)})
    else:
        rows = [
            [str(each.verdict(now)), each.domain, each.selector, f"{each.days_left(now)} d", f"{each.ends_at:%F}",
             "yes" if each.recorded else "no"]
            for each in lines
        ]  # fmt: skip
        table(rows, ["Verdict", "Domain", "Selector", "Left", "Replace by", "DNS information"])
    return 1 if due else 0


@command.command("show", example="cockpit estate show shop.example --selector s2026b")
@click.argument("domain", metavar="DOMAIN")
@click.option("--selector", default="", metavar="SELECTOR", help="Which key; the newest if left out.")
@json_option
@click.pass_obj
def show(session: Session, domain: str, selector: str, json_wanted: bool) -> int:
    """Key, DNS information, what is published and what SES signs with, and the six items of phase 7."""
    from cockpit.ses.estate.board import checklist

    with _estate(session) as (desk, estate):
        key = _chosen(estate, domain, selector)
        ready = estate.readiness(domain, key.selector)
        items = checklist(domain, key.selector, ready, _runs(desk, domain), None)
        now = desk.clock.now()
    if json_wanted:
        as_json({"key": _plain(key, now), "ready": ready, "checklist": items})
    else:
        say(f"{key.place}: {key.days_left(now)} days left, replace by {key.ends_at:%Y-%m-%d}")
        for name, fact in (("key in S3", ready.stored), ("DNS information in S3", ready.recorded),
                           ("published", ready.published)):  # fmt: skip
            say(f"{_MARKS[fact]} {name}")
        say(f"  {visible(ready.said, limit=300)}")
        say(f"SES signs: {ready.origin or 'not known'}, {ready.dkim_status or 'not known'}")
        for item in items:
            say(f"{_MARKS[item.done]} {item.says}: {visible(item.evidence, limit=200)}")
    return 0 if ready.stored and ready.recorded and ready.published else 1


_MARKS = {True: "✔", False: "✖", None: "?"}


@command.command("board", example="cockpit estate board")
@json_option
@click.pass_obj
def board(session: Session, json_wanted: bool) -> int:
    """Each domain's newest key with its readiness and checklist, and the functions around it, all at once."""
    from cockpit.actions.estate.functions import functions
    from cockpit.ses.estate.board import checklist, newest, worst_first

    with _estate(session) as (desk, estate):
        now, keys = desk.clock.now(), estate.keys()
        latest = newest(keys)
        rows = []
        for key in worst_first(keys, now):
            row: dict[str, Any] = _plain(key, now)
            if key in latest:
                ready = estate.readiness(key.domain, key.selector)
                runs = _runs(desk, key.domain)
                row |= {"ready": ready, "checklist": checklist(key.domain, key.selector, ready, runs, None)}
            rows.append(row)
        lines = functions(estate.clients, _expected(session, desk))
    due = sum(each.verdict(now).rank < 3 for each in keys)
    good = not due and all(each.state in ("ok", "absent") for each in lines)
    if json_wanted:
        where = session.settings.byodkim
        place = f"s3://{where.bucket}/{where.key_prefix}"
        as_json({"keys": rows, "functions": lines, "due": due, "place": place})
        return 0 if good else 1
    for row in rows:
        say(f"{row['domain']} {row['selector']}: {row['days_left']} days left, {row['verdict']}")
        for item in row.get("checklist", ()):
            say(f"  {_MARKS[item.done]} {item.says}: {visible(item.evidence, limit=200)}")
    for each in lines:
        say(f"{each.name}: {'; '.join((*each.problems, *each.facts)) or each.why or each.state}")
    return 0 if good else 1


def _expected(session: Session, desk: "Desk") -> Any:
    """What the configuration and the watch's last looks say of table, bucket and senders."""
    from cockpit.ses.estate.functions import Expected

    settings = session.settings
    signs = {each.domain: each.dkim == "SUCCESS" if each.dkim else None for each in desk.sending.identities()}
    return Expected(
        bucket=settings.byodkim.bucket,
        table=settings.ses.suppression_table,
        region=session.profile.aws.region,
        identities={each.name: signs.get(each.name) for each in settings.domains if each.identity},
    )


@command.command("report", example="cockpit estate report shop.example --output phase-7.md")
@click.argument("domain", metavar="DOMAIN")
@click.option("--selector", default="", metavar="SELECTOR", help="Which key; the newest if left out.")
@click.option("--output", default="-", metavar="FILE|-", help="Where to write it; a file is yours alone.")
@json_option
@click.pass_obj
def report(session: Session, domain: str, selector: str, output: str, json_wanted: bool) -> int:
    """The phase-7 completion report; what is not proven stays open in it, and the exit code is 1 then."""
    from cockpit.ses.estate.board import checklist
    from cockpit.ses.estate.board import report as written

    with _estate(session) as (desk, estate):
        key, now = _chosen(estate, domain, selector), desk.clock.now()
        ready = estate.readiness(domain, key.selector)
        items = checklist(domain, key.selector, ready, _runs(desk, domain), now)
        text = written(domain, key.selector, items, key, session.operator, now)
    if output != "-":
        write_private(Path(output), text)
    if json_wanted:
        as_json({"report": text, "checklist": items})
    else:
        say(text if output == "-" else f"The report is in {output}")
    return 0 if all(item.done for item in items) else 1


@command.command("generate", example="cockpit estate generate shop.example --selector s2027a")
@click.argument("domain", metavar="DOMAIN")
@click.option("--selector", required=True, metavar="SELECTOR", help="Its selector: letters, digits and hyphens.")
@json_option
@click.pass_obj
def generate(session: Session, domain: str, selector: str, json_wanted: bool) -> int:
    """Make a key (RSA 2048) straight into S3, and say what to publish; none is ever written over."""
    from cockpit.actions.aws import AwsClients
    from cockpit.actions.estate.generate import generate as make
    from cockpit.runbooks.inputs import typed

    domain, selector = typed("domain", domain, "DOMAIN"), typed("selector", selector, "--selector")
    with session.desk() as desk:
        made = make(
            AwsClients(session.profile, session.operator, read_only=session.read_only),
            session.settings.byodkim,
            domain,
            selector,
            operator=session.operator,
            append=desk.feed.ledger.append,
            now=desk.clock.now,
        )
    if json_wanted:
        as_json({**_told(made), "record": made.record})
        return 0
    say(f"The key is in {made.place} ({made.bits} bits, fingerprint {made.sha256[:16]}). Publish:")
    say(made.record)
    payload = f'{{"domain": "{made.domain}"}}'
    say(f"Tell the DNS team: cockpit action plan lambda.invoke function={DNS_NOTIFIER} payload='{payload}'")
    return 0


def _told(made: Any) -> dict[str, Any]:
    return {name: getattr(made, name) for name in ("domain", "selector", "place", "bits", "sha256", "record_name")}


def _chosen(estate: "Estate", domain: str, selector: str) -> "KeyLine":
    keys = [each for each in estate.keys(domain) if not selector or each.selector == selector]
    if not keys:
        wanted = f"{selector} of {domain}" if selector else domain
        raise NotFound(f"There is no key for {wanted}; make one with cockpit estate generate.")
    return max(keys, key=lambda each: each.made_at)


def _runs(desk: "Desk", domain: str) -> list[dict[str, Any]]:
    """The runs that update SES for a domain, oldest first."""
    found = []
    for run in desk.actions.runs():
        asked = run.request
        mine = asked.target == domain or domain in asked.parameters.get("payload", "")
        if asked.remedy in _REMEDIES and mine and not asked.undoes:
            found.append({"remedy": asked.remedy, "uid": run.uid, "operator": run.operator, "state": str(run.state),
                          "at": run.changed_at})  # fmt: skip
    return sorted(found, key=lambda each: each["at"])


def _plain(key: "KeyLine", now: datetime) -> dict[str, Any]:
    return {
        "domain": key.domain, "selector": key.selector, "place": key.place, "made_at": key.made_at,
        "replace_by": key.ends_at, "days_left": key.days_left(now), "verdict": str(key.verdict(now)),
        "recorded": key.recorded,
    }  # fmt: skip


@contextmanager
def _estate(session: Session) -> "Iterator[tuple[Desk, Estate]]":
    from cockpit.actions.aws import AwsClients
    from cockpit.actions.estate.stored import Estate

    with session.desk() as desk:
        clients = AwsClients(session.profile, session.operator, read_only=True)
        yield desk, Estate(clients, session.profile, session.settings.byodkim)

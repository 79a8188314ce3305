"""`cockpit ses replay`: a file of feedback put through the ingest, to see what it says or to keep it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.clock import SystemClock
from cockpit.errors import BadInput, NotFound
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.watch.replay import Replayed


@click.command("replay", cls=Command, example="cockpit ses replay feedback.jsonl --keep")
@click.argument("file", metavar="FILE|-")
@click.option("--keep", is_flag=True, help="Keep what it says; otherwise it is only counted.")
@click.option("--account", "target", default="", metavar="TARGET", help="Whose feedback, as ses:ACCOUNT/REGION.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def replay(session: Session, file: str, keep: bool, target: str, json_wanted: bool) -> int:
    """Put a file of feedback through the ingest, one message a line; exit 1 when lines had to be set aside.

    Each line is a message as SES or SNS wrote it. Without --keep nothing is changed. Nobody checks the signature of
    a file: with --keep your name stands for it in the ledger. A file that is kept twice changes nothing the second
    time; suppressions that somebody took back stay so.
    """
    from cockpit.watch.replay import replay as put_through

    with _opened(file) as lines:
        found = _kept(session, lines, file, target) if keep else put_through(lines, SystemClock().now())
    if json_wanted:
        as_json({"replay": found})
    else:
        _print(found)
    return 1 if found.aside else 0


def _kept(session: Session, lines: IO[bytes], file: str, target: str) -> "Replayed":
    """Keep what the file says, and write down whose word that is; raises NotFound."""
    from cockpit.watch.replay import REPLAYED, STREAM
    from cockpit.watch.replay import replay as put_through
    from storage.feedback import FeedbackStore
    from storage.ledger import Draft

    with session.desk() as desk:
        now, accounts = desk.clock.now(), desk.sending.accounts() or _configured(session)
        if target and target not in accounts:
            raise NotFound(f"There is no account {target!r}; there are: {', '.join(accounts)}.")
        whose = target or accounts[0]
        found = put_through(lines, now, FeedbackStore(desk.database), whose)
        body = {"file": visible(file, limit=300), "target": whose, "lines": found.lines, "aside": found.aside,
                "bounced": found.bounced, "complained": found.complained}  # fmt: skip
        desk.feed.ledger.append(
            [Draft(stream=STREAM, kind=REPLAYED, body=body, occurred_at=now, actor=session.operator)]
        )
    return found


def _print(found: "Replayed") -> None:
    kinds = ", ".join(f"{visible(each.name)} {each.number}" for each in found.kinds) or "nothing that is feedback"
    say(f"{found.lines} messages: {kinds}")
    say(f"suppresses {found.bounced} addresses for bounces and {found.complained} for complaints")
    for each in found.bad:
        say(f"  line {each.line} set aside: {each.why}")
    if found.aside > len(found.bad):
        say(f"  and {found.aside - len(found.bad)} lines more")
    say("kept" if found.kept else "nothing was kept; --keep keeps it")


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    """The file's lines, or those of standard input; raises BadInput."""
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as lines:
            yield lines
    except OSError as error:
        raise BadInput(f"{visible(file, limit=200)} cannot be read: {error.strerror}.") from None


def _configured(session: Session) -> list[str]:
    """The account that the configuration names, for a database in which nothing was looked at yet."""
    from cockpit.health.registry import account_target

    aws = session.profile.aws
    if not aws.account or not aws.region:
        raise NotFound("No SES account is known: set aws.account and aws.region, or name one with --account.")
    return [account_target(aws.account, aws.region)]

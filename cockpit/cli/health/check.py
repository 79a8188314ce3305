"""`cockpit check`: look at domains once, now, and say what is wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence

import click

from cockpit.cli.asking import asked_of, chosen_checks, resolver_option
from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say, verdict_mark
from cockpit.cli.session import Session
from cockpit.config.edit import domain_name
from cockpit.errors import BadInput
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.summary import summary
from cockpit.text import visible


@click.command(cls=Command, example="cockpit check shop.example --only mail,dns.dnssec --json")
@click.argument("domains", nargs=-1, metavar="[DOMAIN]...")
@click.option("--only", metavar="CHECKS", default="", help="Areas or checks, such as mail,dns.dnssec.")
@resolver_option
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(session: Session, domains: tuple[str, ...], only: str, resolver: str, json_wanted: bool) -> int:
    """Look at domains once, now, and say what is wrong, what is wanted and how to fix it.

    Without a DOMAIN everything that is configured is verified, and it is written down who did so and when.
    Exit code 0: all OK. 1: something FAILs. 2: something is UNKNOWN and nothing FAILs. Else nothing is recorded.
    """
    from cockpit.watch import check_once

    names = list(dict.fromkeys(domain_name(name) for name in domains))
    checks = chosen_checks(only)
    if not names and not session.settings.domains:
        raise BadInput("No domain is named and none is configured; write: cockpit check shop.example")
    observations = check_once(session.settings, asked_of(session.profile, resolver), names, checks)
    targets = names or list(dict.fromkeys(each.target for each in observations))
    seen = {name: [each for each in observations if each.target == name] for name in targets}
    if json_wanted:
        sums = {name: found for name in targets if (found := summary(seen[name])) is not None}
        as_json({"verdict": _worst(observations).value, "summary": sums, "observations": observations})
    else:
        for name in targets:
            _print(name, seen[name])
    if not (domains or checks or resolver):
        _stamp(session, observations, len(targets), aloud=not json_wanted)
    return exit_code(each.verdict for each in observations if each.vantage == DECISION)


def _stamp(session: Session, observations: Sequence[Observation], targets: int, *, aloud: bool) -> None:
    """Write down that everything was verified."""
    verdicts = Counter(each.verdict.value for each in observations if each.vantage == DECISION)
    with session.desk() as desk:
        desk.refresh()
        done = desk.verification.record(verdicts, targets=targets)
    if aloud:
        counts = ", ".join(f"{count} {word}" for word, count in sorted(done.verdicts.items()))
        say(f"Verified {done.targets} targets at {done.at:%F %TZ} by {done.by}: {counts}")


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """1 for any FAIL, else 2 for any UNKNOWN, else 0; nothing looked at is UNKNOWN."""
    seen = set(verdicts)
    if Verdict.FAIL in seen:
        return 1
    return 2 if Verdict.UNKNOWN in seen or not seen else 0


def _worst(observations: Sequence[Observation]) -> Verdict:
    decisions = [each.verdict for each in observations if each.vantage == DECISION]
    return min(decisions, key=lambda verdict: verdict.rank, default=Verdict.UNKNOWN)


def _print(name: str, observations: Sequence[Observation]) -> None:
    decisions = sorted(
        (each for each in observations if each.vantage == DECISION),
        key=lambda each: (each.verdict.rank, each.check),
    )
    say(visible(name))
    found = summary(observations)
    if found is not None:
        say(f"  {found.sentence}")
    for each in decisions:
        say(f"  {verdict_mark(each.verdict)} {each.check:<16} {visible(each.headline)}")
        if each.finding is not None:
            say(f"      now:    {visible(each.finding.now)}")
            say(f"      wanted: {visible(each.finding.wanted)}")
            say(f"      fix:    {visible(each.finding.fix)}")
            if each.finding.record:
                say(f"      record: {visible(each.finding.record)}")

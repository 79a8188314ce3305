"""`cockpit import`: take domains, monitoring rules and expected records over from where they stand already."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.config.starter import STARTER
from cockpit.errors import BadInput, ConfigError, Refused
from cockpit.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.config import Settings
    from cockpit.config.merge import Addition
    from cockpit.config.monitoring import Account, Monitoring
    from cockpit.config.sources.terraform import Expected

MOST_BYTES = 32 * 1024 * 1024

_SES = re.compile(r"^_amazonses\.|\._domainkey\.")
"""Names of records by which SES verifies a domain or signs for it."""

dry_option = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


@click.group(cls=Group)
def command() -> None:
    """Take over what stands elsewhere into the configuration; comments and order of the file stay."""


@command.command("monitoring", example="cockpit import monitoring dns-checks.yaml --dry-run")
@click.argument("file", metavar="FILE")
@dry_option
@json_option
@click.pass_obj
def monitoring(session: Session, file: str, dry_run: bool, json_wanted: bool) -> int:
    """Take over monitoring rules (dns_monitoring, ssl_monitoring, service_monitoring, alert_routing).

    FILE is YAML, or Markdown with YAML blocks in it. For every value is said what became of it.
    """
    from cockpit.config.edit import replace_config
    from cockpit.config.monitoring import SECTIONS, fenced, monitoring_from
    from cockpit.config.yaml_subset import read_yaml

    source = fenced(read_file(Path(file)), SECTIONS)
    path = config_path(session, dry_run=dry_run)
    found = monitoring_from(read_yaml(source, file), standing(path))
    if found and not dry_run:
        replace_config(path, found.merged(config_text(path), path))
    if json_wanted:
        as_json({"file": file, "config": path, "written": bool(found) and not dry_run, "accounts": found.accounts})
    else:
        _print(found, path, dry_run=dry_run)
    return 0


def _print(found: "Monitoring", path: Path, *, dry_run: bool) -> None:
    outcomes: dict[str, list[Account]] = {}
    for account in found.accounts:
        outcomes.setdefault(account.outcome.value, []).append(account)
    for outcome, accounts in outcomes.items():
        say(f"{outcome} ({len(accounts)})")
        rows = [[f"  {each.line or ''}", each.key, each.value, each.sentence] for each in accounts]
        table(rows, ["  Line", "Key", "Value", "What it comes to"])
        say()
    if not found:
        say(f"There is nothing to add to {path}.")
    elif dry_run:
        say(f"Nothing was written; without --dry-run {path} would be added to.")
    else:
        say(f"Added to {path}. A watch that runs takes it up when it is started again.")


@command.command("domains", example="cockpit import domains inventory.csv")
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--from-ses", "from_ses", is_flag=True, help="Every domain that the SES account has an identity for.")
@click.option("--from-route53", "from_route53", is_flag=True, help="Every public hosted zone of the account.")
@dry_option
@click.pass_obj
def domains(session: Session, file: str | None, from_ses: bool, from_route53: bool, dry_run: bool) -> int:
    """Take over domains from a CSV file, from SES identities or from Route 53 zones.

    The columns of FILE are domain, owner, services, production, mail_per_hour, identity and hosts; semicolons part
    services and hosts. Domains that are known get the keys that they do not have yet.
    """
    from cockpit.config.merge import Addition
    from cockpit.config.sources.table import domains_from_csv

    if sum((file is not None, from_ses, from_route53)) != 1:
        raise BadInput("Name one source: a CSV file, --from-ses or --from-route53.")
    if file is not None:
        found = domains_from_csv(read_file(Path(file)), file)
    else:
        keys = {"identity": True} if from_ses else {}
        found = [Addition(name, keys) for name in _from_account(session, from_ses=from_ses)]
    _add(config_path(session, dry_run=dry_run), found, dry_run=dry_run)
    return 0


def _from_account(session: Session, *, from_ses: bool) -> list[str]:
    from cockpit.cli.init import identity_domains

    if from_ses:
        return identity_domains(session.profile, session.operator)
    from cockpit.actions.aws import AwsClients
    from cockpit.actions.dns.hosted_zones import hosted_zones

    clients = AwsClients(session.profile, session.operator, read_only=True)
    clients.caller()
    return list(dict.fromkeys(name for _, name in hosted_zones(clients)))


def _add(path: Path, found: "Sequence[Addition]", *, dry_run: bool, quiet: bool = False) -> None:
    """Write what is missing, in one step, and say what it was unless `quiet`."""
    from cockpit.config.edit import replace_config
    from cockpit.config.merge import missing_from, with_domains

    text = config_text(path)
    known = {domain.name for domain in standing(path).domains}
    needed = [each for one in found if (each := missing_from(text, one, path)) or each.name not in known]
    merged = with_domains(text, needed, path)
    if needed and not dry_run:
        replace_config(path, merged)
    if quiet:
        return
    for each in needed:
        say(f"{'would add' if dry_run else 'added'} {each.name}{_what(each) if each.name in known else ''}")
    fresh = sum(each.name not in known for each in needed)
    say(f"{fresh} new of {len(found)} domains; {len(needed) - fresh} known ones got something. {path}")


def _what(addition: "Addition") -> str:
    parts = [*addition.keys, *("host " + str(host["name"]) for host in addition.hosts)]
    parts += [f"{record['name']} {record['type']}" for record in addition.records]
    return f": {', '.join(parts)}"


@command.command("terraform", example="cockpit import terraform state.json")
@click.argument("file", metavar="FILE")
@dry_option
@json_option
@click.pass_obj
def terraform(session: Session, file: str, dry_run: bool, json_wanted: bool) -> int:
    """Pin the records that terraform has published: DKIM, verification, and records in Route 53.

    FILE is the JSON of terraform show or terraform output. A record that was last seen to be otherwise is told.
    Exit code 1: at least one record is not as terraform has it, as far as that was recorded.
    """
    from cockpit.config.sources.terraform import expected_from

    found = expected_from(read_file(Path(file)), file)
    path = config_path(session, dry_run=dry_run)
    known = [domain.name for domain in standing(path).domains]
    placed = _placed(found, known)
    drifts = _drifts(session, placed)
    if json_wanted:
        as_json({"expected": found, "drift": drifts})
    else:
        for name, records in placed.items():
            for each in records:
                values = visible(", ".join(each.values))
                say(f"{name or 'no domain'}: {each.name} {each.type} {values}  ({each.source})")
        for drift in drifts:
            say(f"differs: {drift}")
        if "" in placed:
            say(f"Left out, because no configured domain holds them: {len(placed[''])} records")
    additions = [_pins(name, records, known) for name, records in placed.items() if name]
    _add(path, additions, dry_run=dry_run, quiet=json_wanted)
    return 1 if drifts else 0


def _placed(found: "Sequence[Expected]", known: "Sequence[str]") -> "dict[str, list[Expected]]":
    """The records by the watched domain that holds them; domains that SES signs for are watched from now on."""
    names = {*known, *(each.domain for each in found if _SES.search(each.name))}
    placed: dict[str, list[Expected]] = {}
    for each in found:
        labels = each.name.split(".")
        above = (".".join(labels[start:]) for start in range(len(labels)))
        placed.setdefault(next((name for name in above if name in names), ""), []).append(each)
    return placed


def _pins(name: str, records: "Sequence[Expected]", known: "Sequence[str]") -> "Addition":
    """The records as pins; a domain that was not watched before is an identity of SES, or it would not be here."""
    from cockpit.config.merge import Addition

    pins = tuple({"name": each.name, "type": each.type, "values": list(each.values)} for each in records)
    return Addition(name, {} if name in known else {"identity": True}, (), pins)


def _drifts(session: Session, placed: "dict[str, list[Expected]]") -> list[str]:
    """Where the last recorded state of a record is another than the expected one."""
    from cockpit.health.resolution.wanted import comparable

    found = []
    with session.desk() as desk:
        for name, records in placed.items():
            newest = {(each.record, each.type): each for each in desk.past.records(name)} if name else {}
            for each in records:
                state = newest.get((each.name, each.type))
                wanted = {comparable(each.type, value) for value in each.values}
                if state is not None and {comparable(each.type, v) for v in state.value.split(", ")} != wanted:
                    now = visible(state.value) or "no record"
                    found.append(f"{each.name} {each.type} is {now}, and terraform has {', '.join(each.values)}")
    return found


def config_path(session: Session, *, dry_run: bool) -> Path:
    """The configuration that is added to.

    Raises Refused where a profile brings its own, as a drill's does: what is there is not ours.
    """
    given = session.given_profile
    if not dry_run and given is not None and given.settings is not None and session.given.config is None:
        raise Refused(
            f"The profile {given.name!r} brings its own configuration: name the one to add to with --config, "
            "or look with --dry-run."
        )
    return session.config_path or session.places.config


def config_text(path: Path) -> str:
    """What the configuration says; the starter where there is none yet. Raises ConfigError."""
    if not path.exists():
        return STARTER
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def standing(path: Path) -> "Settings":
    """The settings that the configuration amounts to now."""
    from cockpit.config import Settings, load_settings

    return load_settings(path) if path.exists() else Settings()


def read_file(path: Path) -> str:
    """The text of a file that somebody names; raises BadInput."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{visible(path)} cannot be read: {error.strerror}.") from None
    if len(raw) > MOST_BYTES:
        raise BadInput(f"{visible(path)} is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{visible(path)} is not UTF-8 text (byte {error.start}).") from None

"""`cockpit import`: take domains, monitoring rules and expected records over from where they stand already."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.config.starter import STARTER
from cockpit.errors import BadInput, ConfigError
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.config import Settings
    from cockpit.config.monitoring import Account, Monitoring

MOST_BYTES = 32 * 1024 * 1024

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
    path = config_path(session)
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


def config_path(session: Session) -> Path:
    """The configuration that is added to."""
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

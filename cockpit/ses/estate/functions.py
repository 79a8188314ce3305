"""The functions around our keys and our mail: what each is called with, and whether its environment fits.

The names, contracts and variables are those of the BYODKIM procedure and of the compliance deployment. What a
function is told is compared with what is configured here; nothing of an environment but these variables is kept.
"""

from collections.abc import Mapping, Sequence

import msgspec

DKIM_MANAGER = "aws-ses-migration-prod-dkim-manager-v2"
DNS_NOTIFIER = "aws-ses-migration-prod-dns-notifier"
NOTIFICATION_HANDLER = "ses-notification-handler"
VERIFICATION_HANDLER = "discord-verification-handler"

UPDATE = "update_ses_byodkim_automated"
"""The manager's action that points SES at our key."""

BUCKET, TABLE, SENDER, REGION = "DKIM_BUCKET", "SUPPRESSION_LIST_TABLE", "FROM_EMAIL", "AWS_DEFAULT_REGION"


class Contract(msgspec.Struct, frozen=True):
    """One function: what it is for, its payload and a good answer; `told` are the variables that it needs."""

    name: str
    says: str
    payload: str
    answers: str
    told: tuple[str, ...]


CONTRACTS = (
    Contract(
        DKIM_MANAGER,
        "phase 7: points SES at our key",
        '{"action": "update_ses_byodkim_automated", "domain": …, "selector": …}',
        "statusCode 200 with final_dkim_status; 400 while DNS is not ready",
        (BUCKET,),
    ),
    Contract(
        DNS_NOTIFIER,
        "mails the record to whoever edits the zone",
        '{"domain": …}',
        "statusCode 200; it knows no action phase_manager",
        (BUCKET,),
    ),
    Contract(
        NOTIFICATION_HANDLER,
        "suppresses after permanent bounces and complaints",
        "an SNS event; the topic calls it",
        "statusCode 200",
        (TABLE,),
    ),
    Contract(
        VERIFICATION_HANDLER,
        "sends sign-in codes after asking the table",
        "called by the application",
        "",
        (TABLE, SENDER),
    ),
)


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says; `identities` maps each domain that may send to whether SES signs for it."""

    bucket: str
    table: str
    region: str
    identities: Mapping[str, bool | None]


class FunctionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One function as it stands: `ok`, `absent`, `drift`, or `unknown` with the reason."""

    name: str
    says: str
    payload: str
    answers: str
    state: str
    facts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    why: str = ""


def compared(contract: Contract, environment: Mapping[str, str], expected: Expected) -> FunctionLine:
    """A function that is there, held against what is expected of it."""
    facts, problems = [], []
    for name in contract.told:
        value = environment.get(name, "")
        if not value:
            problems.append(f"{name} is not set")
        elif wrong := _wrong(name, value, expected):
            problems.append(wrong)
        else:
            facts.append(f"{name} {value}")
    region = environment.get(REGION, "")
    if region and expected.region and region != expected.region:
        problems.append(f"{REGION} is {region}, and the account is watched in {expected.region}")
    return line_of(contract, "drift" if problems else "ok", facts=facts, problems=problems)


def line_of(
    contract: Contract, state: str, *, facts: Sequence[str] = (), problems: Sequence[str] = (), why: str = ""
) -> FunctionLine:
    """A function's line in a given state."""
    return FunctionLine(
        name=contract.name, says=contract.says, payload=contract.payload, answers=contract.answers, state=state,
        facts=tuple(facts), problems=tuple(problems), why=why,
    )  # fmt: skip


def _wrong(name: str, value: str, expected: Expected) -> str:
    """What is wrong with one variable; empty for nothing, and where there is nothing to hold it against."""
    wanted = {BUCKET: expected.bucket, TABLE: expected.table}.get(name, "")
    if wanted and value != wanted:
        return f"{name} is {value}, configured is {wanted}"
    if name != SENDER:
        return ""
    domain = value.rpartition("@")[2].rstrip(">").lower()
    if domain not in expected.identities:
        return f"{name} is {value}, and {domain or 'nothing'} is no identity that is watched"
    if expected.identities[domain] is False:
        return f"{name} is {value}, and SES does not sign for {domain}: its mail may be refused"
    return ""

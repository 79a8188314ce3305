"""AWS through the real SDK against the drill's endpoint: what it says, and how each failure is told apart."""

from datetime import UTC, datetime

import msgspec
import pytest

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.probes.aws import AwsReader
from cockpit.probes.cloudwatch import read_rates
from cockpit.probes.ses import read_account, read_identity
from cockpit.profile import Aws, Profile

TARGET = "ses:447112341123/ca-central-1"


def now() -> datetime:
    return datetime.now(UTC)


async def test_an_identity_says_which_records_ses_wants(world: LaunchedWorld) -> None:
    reading = await read_identity(AwsReader(world.profile), "shop.example", "ses.identity", at=now())
    assert reading.failure is None
    assert reading.seen["origin"] == "AWS_SES"
    assert len(reading.seen["tokens"]) == 3
    assert reading.seen["hosted_zone"]
    assert reading.seen["dkim_status"] == "SUCCESS"


async def test_an_identity_that_does_not_exist_is_not_found(world: LaunchedWorld) -> None:
    reading = await read_identity(AwsReader(world.profile), "nobody.example", "ses.identity", at=now())
    assert reading.failure == "not-found"


async def test_the_account_and_its_rates(world: LaunchedWorld) -> None:
    aws = AwsReader(world.profile)
    account = await read_account(aws, TARGET, "ses.account", at=now())
    assert (account.seen["enforcement"], account.seen["sending_enabled"]) == ("HEALTHY", True)
    assert account.seen["max_24_hours"] > account.seen["sent_24_hours"] > 0
    rates = await read_rates(aws, TARGET, "ses.bounce", at=now())
    assert len(rates.seen["send"]) == len(rates.seen["bounce"]) >= 48
    assert 0 < rates.seen["reputation_bounce"] < 0.05


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("throttle", "throttled"),
        ("expired-credentials", "expired-credentials"),
        ("access-denied", "access-denied"),
        ("server-error", "aws-error"),
        ("drop", "unreachable"),
    ],
)
async def test_failures_are_told_apart(world: LaunchedWorld, kind: str, failure: str) -> None:
    world.inject(do="aws-fault", kind=kind, operation="GetAccount")
    reading = await read_account(AwsReader(world.profile), TARGET, "ses.account", at=now())
    world.inject(do="aws-heal")
    assert reading.failure == failure
    assert reading.seen["reason"]


async def test_a_caller_in_another_account_is_refused(world: LaunchedWorld) -> None:
    aws = msgspec.structs.replace(world.profile.aws, account="999999999999")
    reader = AwsReader(msgspec.structs.replace(world.profile, aws=aws))
    reading = await read_account(reader, TARGET, "ses.account", at=now())
    assert reading.failure == "wrong-account"
    assert reading.seen["reason"] == "the caller is in 447112341123, pinned is 999999999999"


async def test_expired_credentials_say_how_to_log_in_again(world: LaunchedWorld) -> None:
    world.inject(do="aws-fault", kind="expired-credentials")
    reading = await read_account(AwsReader(world.profile), TARGET, "ses.account", at=now())
    world.inject(do="aws-heal")
    assert "aws sso login" in reading.seen["reason"]


async def test_an_endpoint_where_nobody_listens_is_unreachable() -> None:
    aws = Aws(region="ca-central-1", endpoint="http://127.0.0.1:9", access_key="a", secret_key="b")
    reading = await read_account(AwsReader(Profile(aws=aws, loopback_only=True)), TARGET, "ses.account", at=now())
    assert reading.failure == "unreachable"


async def test_a_profile_that_stays_here_never_asks_the_real_aws() -> None:
    aws = Aws(region="ca-central-1", account="447112341123")
    reading = await read_account(AwsReader(Profile(aws=aws, loopback_only=True)), TARGET, "ses.account", at=now())
    assert reading.failure == "unreachable"
    assert "stays on this machine" in reading.seen["reason"]


async def test_the_secret_key_is_in_no_reading(world: LaunchedWorld) -> None:
    secret = world.profile.aws.secret_key or "-"
    for kind in ("access-denied", "server-error"):
        world.inject(do="aws-fault", kind=kind)
        reading = await read_account(AwsReader(world.profile), TARGET, "ses.account", at=now())
        world.inject(do="aws-heal")
        assert secret not in repr(reading)

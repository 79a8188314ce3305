"""The doctor names each permission that is missing, and claims nothing where it may not ask."""

import pytest

from cockpit.doctor.permissions import permissions, principal_of
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import Verdict
from cockpit.profile import Aws, Profile


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        (
            "arn:aws:sts::447112341123:assumed-role/ic-remediate/mhassan",
            "arn:aws:iam::447112341123:role/ic-remediate",
        ),
        ("arn:aws:iam::447112341123:user/mhassan", "arn:aws:iam::447112341123:user/mhassan"),
        ("arn:aws:iam::447112341123:root", ""),
        ("nonsense", ""),
    ],
)
def test_the_role_behind_a_caller_is_found(caller: str, principal: str) -> None:
    assert principal_of(caller) == principal


def test_what_a_role_lacks_is_named_permission_by_permission(world: LaunchedWorld) -> None:
    found = permissions(world.profile, "arn:aws:sts::447112341123:assumed-role/ic-remediate/mhassan")
    assert len(found) == 4
    read = found[0]
    assert read.verdict is Verdict.WARN
    assert "dynamodb:Query" in read.sentence
    assert "ses:GetAccount" not in read.sentence
    assert "cockpit iam --role read" in read.fix


def test_nothing_is_claimed_where_aws_does_not_say() -> None:
    aws = Aws(
        region="us-east-1", account="123456789012", endpoint="http://127.0.0.1:9", access_key="a", secret_key="b"
    )
    found = permissions(Profile(aws=aws, loopback_only=True), "arn:aws:iam::123456789012:user/x")
    assert [each.verdict for each in found] == [Verdict.NA]

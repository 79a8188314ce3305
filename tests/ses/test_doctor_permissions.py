"""The doctor names each permission that is missing, and claims nothing where it may not ask."""

import json

import pytest

from cockpit.actions.aws import AwsClients
from cockpit.doctor.permissions import permissions, principal_of
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import Verdict
from cockpit.profile import Aws, Profile
from cockpit.ses.permissions import MESSAGES, ROLES

CALLER = "arn:aws:sts::447112341123:assumed-role/ic-remediate/mhassan"


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


def test_the_role_that_drills_may_do_what_the_printed_policies_say(world: LaunchedWorld) -> None:
    found = permissions(world.profile, CALLER)
    assert [each.sentence for each in found] == [f"Everything that {role} needs is allowed." for role in ROLES]
    assert {each.verdict for each in found} == {Verdict.OK}


def test_what_a_role_lacks_is_named_permission_by_permission(world: LaunchedWorld) -> None:
    iam = AwsClients(world.profile, "test").changer("iam", ("DeleteRolePolicy", "PutRolePolicy"))
    held = {"RoleName": "ic-remediate", "PolicyName": f"cockpit-{MESSAGES}"}
    document = json.dumps(iam.get_role_policy(**held)["PolicyDocument"])
    iam.delete_role_policy(**held)
    try:
        told = permissions(world.profile, CALLER)[ROLES.index(MESSAGES)]
    finally:
        iam.put_role_policy(**held, PolicyDocument=document)
    assert told.verdict is Verdict.WARN
    assert "sns:Publish" in told.sentence
    assert "support:CreateCase" not in told.sentence, "remediate allows it already"
    assert told.fix.startswith("Add them as cockpit iam --role messages prints them")


def test_nothing_is_claimed_where_aws_does_not_say() -> None:
    aws = Aws(
        region="us-east-1", account="123456789012", endpoint="http://127.0.0.1:9", access_key="a", secret_key="b"
    )
    found = permissions(Profile(aws=aws, loopback_only=True), "arn:aws:iam::123456789012:user/x")
    assert [each.verdict for each in found] == [Verdict.NA]

"""Secrets Manager as references reach it, and the date that AWS puts on every answer."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from botocore.exceptions import ClientError

from tests.drill.aws.conftest import HandAccount


def test_a_secret_is_read_by_name_and_by_arn(account: HandAccount) -> None:
    reference = account.whole.secrets.keep("drill/tsig/dns", "c2VjcmV0", account.clock.now())
    client = account.client("secretsmanager")
    assert reference == "aws:drill/tsig/dns"
    answer = client.get_secret_value(SecretId="drill/tsig/dns")
    assert (answer["SecretString"], answer["VersionStages"]) == ("c2VjcmV0", ["AWSCURRENT"])
    same = client.get_secret_value(SecretId=answer["ARN"], VersionId=answer["VersionId"])
    assert same["SecretString"] == "c2VjcmV0"
    described = client.describe_secret(SecretId="drill/tsig/dns")
    assert described["VersionIdsToStages"] == {answer["VersionId"]: ["AWSCURRENT"]}
    assert "SecretString" not in described


def test_secrets_are_listed_by_pages_and_never_told(account: HandAccount) -> None:
    for name in ("b", "a", "c"):
        account.whole.secrets.keep(name, "hidden", account.clock.now())
    client = account.client("secretsmanager")
    first = client.list_secrets(MaxResults=2)
    rest = client.list_secrets(MaxResults=2, NextToken=first["NextToken"])
    assert [one["Name"] for page in (first, rest) for one in page["SecretList"]] == ["a", "b", "c"]
    assert "NextToken" not in rest
    assert "hidden" not in str((first, rest))


def test_a_secret_that_does_not_exist_is_not_found(account: HandAccount) -> None:
    account.whole.secrets.keep("here", "x", account.clock.now())
    client = account.client("secretsmanager")
    for asked in ({"SecretId": "gone"}, {"SecretId": "here", "VersionStage": "AWSPREVIOUS"}):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            client.get_secret_value(**asked)


def test_every_answer_carries_the_date_of_this_world(account: HandAccount) -> None:
    client = account.client("sts")
    told = client.get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert abs(parsedate_to_datetime(told) - datetime.now(UTC)) < timedelta(seconds=60)

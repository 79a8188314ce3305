"""Tags of every service that has them: given at the making, added later, read back in the service's own shape."""

from typing import Any

from cockpit.ses.kit.resources import TAGS
from tests.drill.aws.conftest import HandAccount

LISTED = [{"Key": key, "Value": value} for key, value in sorted(TAGS.items())]
MORE = {"team": "mail"}
MORE_LISTED = [{"Key": "team", "Value": "mail"}]


def plain(tags: Any) -> dict[str, str]:
    return tags if isinstance(tags, dict) else {each["Key"]: each["Value"] for each in tags}


def test_what_is_tagged_at_the_making_and_later_is_read_back(account: HandAccount) -> None:
    tables, topics, queues = (account.client(name) for name in ("dynamodb", "sns", "sqs"))
    table = tables.create_table(
        TableName="tagged",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=LISTED,
    )["TableDescription"]["TableArn"]
    tables.tag_resource(ResourceArn=table, Tags=MORE_LISTED)
    assert plain(tables.list_tags_of_resource(ResourceArn=table)["Tags"]) == TAGS | MORE
    topic = topics.create_topic(Name="tagged", Tags=LISTED)["TopicArn"]
    topics.tag_resource(ResourceArn=topic, Tags=MORE_LISTED)
    assert plain(topics.list_tags_for_resource(ResourceArn=topic)["Tags"]) == TAGS | MORE
    queue = queues.create_queue(QueueName="tagged", tags=TAGS)["QueueUrl"]
    queues.tag_queue(QueueUrl=queue, Tags=MORE)
    assert queues.list_queue_tags(QueueUrl=queue)["Tags"] == TAGS | MORE


def test_roles_functions_and_alarms_are_tagged_alike(account: HandAccount) -> None:
    roles, functions, alarms = (account.client(name) for name in ("iam", "lambda", "cloudwatch"))
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = roles.create_role(RoleName="tagged", AssumeRolePolicyDocument=trust, Tags=LISTED)["Role"]["Arn"]
    roles.tag_role(RoleName="tagged", Tags=MORE_LISTED)
    assert plain(roles.list_role_tags(RoleName="tagged")["Tags"]) == TAGS | MORE
    code = {"ZipFile": b"PK"}
    made = functions.create_function(
        FunctionName="tagged", Role=role, Handler="a.b", Runtime="python3.12", Code=code, Tags=TAGS
    )
    functions.tag_resource(Resource=made["FunctionArn"], Tags=MORE)
    assert functions.list_tags(Resource=made["FunctionArn"])["Tags"] == TAGS | MORE
    alarms.put_metric_alarm(
        AlarmName="tagged",
        Namespace="A",
        MetricName="b",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=LISTED,
    )
    (alarm,) = alarms.describe_alarms(AlarmNames=["tagged"])["MetricAlarms"]
    alarms.tag_resource(ResourceARN=alarm["AlarmArn"], Tags=MORE_LISTED)
    assert plain(alarms.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]) == TAGS | MORE

"""CloudWatch alarms: M of N, missing data, composite ones, what they tell SNS and what they remember."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.watching.alarms import ALARM, NO_DATA, OK, Alarm, Rule
from tests.drill.aws.conftest import Endpoint, HandAccount

BAD, GOOD, GONE = 2.0, 0.0, None


@pytest.mark.parametrize(
    ("values", "needed", "missing", "before", "after"),
    [
        ([GOOD, GOOD, GOOD], 1, "missing", NO_DATA, OK),
        ([BAD, GOOD, GOOD], 2, "missing", OK, OK),
        ([BAD, GOOD, BAD], 2, "missing", OK, ALARM),
        ([GONE, GONE, GONE], 1, "missing", ALARM, NO_DATA),
        ([BAD, GONE, GONE], 1, "missing", OK, ALARM),
        ([GOOD, GONE, GONE], 1, "missing", ALARM, OK),
        ([GONE, GONE, GONE], 1, "breaching", OK, ALARM),
        ([BAD, GONE, GOOD], 2, "breaching", OK, ALARM),
        ([GONE, GONE, GONE], 1, "notBreaching", ALARM, OK),
        ([BAD, GONE, GONE], 2, "notBreaching", ALARM, OK),
        ([GONE, GONE, GONE], 1, "ignore", ALARM, ALARM),
        ([GONE, GOOD, GONE], 2, "ignore", ALARM, ALARM),
        ([GONE, GOOD, GOOD], 2, "ignore", ALARM, OK),
        ([BAD, BAD, GONE], 2, "ignore", OK, ALARM),
    ],
)
def test_an_alarm_judges_m_of_n_and_missing_data(
    values: list[float | None], needed: int, missing: str, before: str, after: str
) -> None:
    alarm = Alarm(name="a", threshold=1.0, datapoints=needed, periods=3, missing=missing, state=before)
    assert alarm.judge(values)[0] == after


@given(
    values=st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=1, max_size=8),
    missing=st.sampled_from(["missing", "breaching", "notBreaching", "ignore"]),
    needed=st.integers(1, 8),
)
def test_one_more_breach_never_ends_an_alarm(values: list[float | None], missing: str, needed: int) -> None:
    alarm = Alarm(
        name="a", threshold=1.0, periods=len(values), datapoints=min(needed, len(values)), missing=missing
    )
    if alarm.judge(values)[0] == ALARM:
        for index in range(len(values)):
            worse = [*values[:index], 9.0, *values[index + 1 :]]
            assert alarm.judge(worse)[0] == ALARM


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("GreaterThanThreshold", 1.0, OK),
        ("GreaterThanOrEqualToThreshold", 1.0, ALARM),
        ("LessThanThreshold", 1.0, OK),
        ("LessThanOrEqualToThreshold", 1.0, ALARM),
    ],
)
def test_each_comparison_has_its_edge(comparison: str, value: float, state: str) -> None:
    assert Alarm(name="a", threshold=1.0, comparison=comparison).judge([value])[0] == state


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('ALARM("bounce")', True),
        ("ALARM(bounce) AND OK(complaint)", True),
        ("NOT ALARM(bounce) OR FALSE", False),
        ("(ALARM(complaint) OR ALARM(bounce)) AND NOT INSUFFICIENT_DATA(bounce)", True),
        ("ALARM(bounce) AND ALARM(complaint) OR TRUE", True),
        ("ALARM(arn:aws:cloudwatch:r:1:alarm:bounce)", True),
        ("OK(nobody)", False),
    ],
)
def test_a_rule_reads_the_states_of_others(rule: str, holds: bool) -> None:
    assert Rule(rule).holds({"bounce": ALARM, "complaint": OK}) is holds


@pytest.mark.parametrize("rule", ["", "ALARM", "ALARM(a) AND", "(ALARM(a)", "MAYBE(a)", "ALARM(a) ALARM(b)"])
def test_a_rule_that_cannot_be_read_is_refused(rule: str) -> None:
    with pytest.raises(AwsError):
        Rule(rule)


def test_an_alarm_is_put_described_switched_and_deleted(peer: Endpoint) -> None:
    client = peer.client("cloudwatch")
    client.put_metric_alarm(**_alarm("own-bounce"), AlarmActions=["arn:aws:sns:ca-central-1:1:t"])
    (told,) = client.describe_alarms(AlarmNames=["own-bounce"])["MetricAlarms"]
    assert (told["Threshold"], told["ComparisonOperator"], told["EvaluationPeriods"]) == (
        0.05,
        "GreaterThanThreshold",
        2,
    )
    assert told["StateValue"] in (NO_DATA, OK)
    client.disable_alarm_actions(AlarmNames=["own-bounce"])
    assert client.describe_alarms(AlarmNamePrefix="own-")["MetricAlarms"][0]["ActionsEnabled"] is False
    client.enable_alarm_actions(AlarmNames=["own-bounce"])
    client.set_alarm_state(AlarmName="own-bounce", StateValue="ALARM", StateReason="drill")
    assert client.describe_alarms(StateValue="ALARM")["MetricAlarms"][0]["StateReason"] == "drill"
    client.delete_alarms(AlarmNames=["own-bounce"])
    assert client.describe_alarms(AlarmNames=["own-bounce"])["MetricAlarms"] == []


def test_metrics_are_put_and_read_as_a_peer_reads_them(peer: Endpoint) -> None:
    client = peer.client("cloudwatch")
    now = datetime.now(UTC)
    for value in (1.0, 4.0):
        client.put_metric_data(
            Namespace="DiscordBot/SES", MetricData=[{"MetricName": "EmailsSent", "Value": value, "Timestamp": now}]
        )
    times = {"StartTime": now - timedelta(minutes=5), "EndTime": now + timedelta(minutes=5)}
    stat = {"Metric": {"Namespace": "DiscordBot/SES", "MetricName": "EmailsSent"}, "Period": 60, "Stat": "Sum"}
    data = client.get_metric_data(MetricDataQueries=[{"Id": "s", "MetricStat": stat}], **times)
    assert data["MetricDataResults"][0]["Values"] == [5.0]
    listed = client.list_metrics(Namespace="DiscordBot/SES")["Metrics"]
    assert {metric["MetricName"] for metric in listed} == {"EmailsSent"}


def test_an_alarm_over_own_metrics_fires_tells_its_topic_and_remembers(account: HandAccount) -> None:
    cloudwatch, (topic, url) = account.client("cloudwatch"), _listener(account)
    cloudwatch.put_metric_alarm(
        AlarmName="ses-suppressed-emails-detected",
        Namespace="DiscordBot/SES",
        MetricName="EmailsSuppressed",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
        OKActions=[topic],
    )
    account.wait(1)
    told = _message(account, url)
    assert (told["OldStateValue"], told["NewStateValue"]) == (NO_DATA, OK)
    now = account.clock.now()
    cloudwatch.put_metric_data(
        Namespace="DiscordBot/SES",
        MetricData=[{"MetricName": "EmailsSuppressed", "Value": 2.0, "Timestamp": now}],
    )
    account.wait(0)
    told = _message(account, url)
    assert (told["AlarmName"], told["NewStateValue"]) == ("ses-suppressed-emails-detected", ALARM)
    assert told["Trigger"]["MetricName"] == "EmailsSuppressed"
    account.wait(130)
    assert _message(account, url)["NewStateValue"] == OK
    history = cloudwatch.describe_alarm_history(
        AlarmName="ses-suppressed-emails-detected", HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    assert [item["HistorySummary"].rpartition(" ")[2] for item in history] == [OK, ALARM, OK]


def test_an_alarm_over_a_ratio_is_the_failure_rate_of_the_documents(account: HandAccount) -> None:
    client = account.client("cloudwatch")
    queries = [
        _stat("failed", "EmailsFailed"),
        _stat("sent", "EmailsSent"),
        {"Id": "rate", "Expression": "failed / (failed + sent)", "ReturnData": True},
    ]
    client.put_metric_alarm(
        AlarmName="ses-email-failure-rate-high",
        Metrics=queries,
        EvaluationPeriods=1,
        Threshold=0.1,
        ComparisonOperator="GreaterThanThreshold",
    )
    data = [{"MetricName": "EmailsFailed", "Value": 2.0}, {"MetricName": "EmailsSent", "Value": 8.0}]
    client.put_metric_data(Namespace="DiscordBot/SES", MetricData=data)
    account.wait(0)
    (alarm,) = client.describe_alarms(AlarmNames=["ses-email-failure-rate-high"])["MetricAlarms"]
    assert alarm["StateValue"] == ALARM
    assert alarm["Metrics"][2]["Expression"] == "failed / (failed + sent)"


def test_an_alarm_whose_actions_are_off_tells_nobody(account: HandAccount) -> None:
    client, (topic, url) = account.client("cloudwatch"), _listener(account)
    client.put_metric_alarm(**_alarm("quiet"), AlarmActions=[topic], ActionsEnabled=False)
    client.set_alarm_state(AlarmName="quiet", StateValue="ALARM", StateReason="drill")
    assert "Messages" not in account.client("sqs").receive_message(QueueUrl=url)


def test_a_state_set_by_hand_lasts_until_the_next_evaluation(account: HandAccount) -> None:
    client = account.client("cloudwatch")
    client.set_alarm_state(AlarmName="ses-bounce", StateValue="ALARM", StateReason="drill")
    account.wait(30)
    assert client.describe_alarms(AlarmNames=["ses-bounce"])["MetricAlarms"][0]["StateValue"] == ALARM
    account.wait(40)
    assert client.describe_alarms(AlarmNames=["ses-bounce"])["MetricAlarms"][0]["StateValue"] == OK
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.set_alarm_state(AlarmName="nothing", StateValue="OK", StateReason="x")


def test_a_composite_alarm_follows_its_children_and_is_shown_when_asked_for(account: HandAccount) -> None:
    client, (topic, url) = account.client("cloudwatch"), _listener(account)
    client.put_composite_alarm(AlarmName="mail", AlarmRule='ALARM("ses-bounce")', AlarmActions=[topic])
    client.set_alarm_state(AlarmName="ses-bounce", StateValue="ALARM", StateReason="drill")
    account.wait(1)
    assert _message(account, url)["AlarmRule"] == 'ALARM("ses-bounce")'
    assert client.describe_alarms(AlarmNames=["mail"])["CompositeAlarms"] == []
    asked = client.describe_alarms(AlarmNames=["mail"], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert asked["CompositeAlarms"][0]["StateValue"] == ALARM
    with pytest.raises(ClientError, match="does not exist"):
        client.put_composite_alarm(AlarmName="other", AlarmRule="ALARM(nothing)")


def test_alarms_of_one_metric_are_found(account: HandAccount) -> None:
    found = account.client("cloudwatch").describe_alarms_for_metric(
        Namespace="AWS/SES", MetricName="Reputation.BounceRate"
    )
    assert [alarm["AlarmName"] for alarm in found["MetricAlarms"]] == ["ses-bounce"]


@pytest.mark.parametrize(
    "change",
    [{"ComparisonOperator": "Sideways"}, {"Period": 61}, {"DatapointsToAlarm": 3}, {"TreatMissingData": "x"}],
)
def test_an_alarm_that_makes_no_sense_is_refused(account: HandAccount, change: dict[str, Any]) -> None:
    with pytest.raises(ClientError):
        account.client("cloudwatch").put_metric_alarm(**(_alarm("wrong") | change))


def test_deleting_is_all_or_none(account: HandAccount) -> None:
    client = account.client("cloudwatch")
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.delete_alarms(AlarmNames=["ses-bounce", "nothing"])
    assert client.describe_alarms()["MetricAlarms"]


def _alarm(name: str) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "AWS/SES",
        "MetricName": "Reputation.BounceRate",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "Threshold": 0.05,
        "ComparisonOperator": "GreaterThanThreshold",
    }


def _stat(name: str, metric: str) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "DiscordBot/SES", "MetricName": metric}, "Period": 60, "Stat": "Sum"}
    return {"Id": name, "MetricStat": stat, "ReturnData": False}


def _listener(account: HandAccount) -> tuple[str, str]:
    """A topic, and the URL of a queue that hears it."""
    sns, sqs = account.client("sns"), account.client("sqs")
    topic, url = sns.create_topic(Name="alarms")["TopicArn"], sqs.create_queue(QueueName="alarms")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return str(topic), str(url)


def _message(account: HandAccount, url: str) -> dict[str, Any]:
    sqs = account.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    found: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
    return found

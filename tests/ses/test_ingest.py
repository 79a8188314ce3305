"""The feedback queue worked off: against the drill's SES, SNS and SQS, and against moto, which we did not write."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from cockpit.config.ses import SesConfig
from cockpit.drill.estate.provision import EVENT_QUEUE
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.probes.aws import AwsReader
from cockpit.probes.ses.calls import Calls
from cockpit.probes.ses.lists import in_table, look_up
from cockpit.probes.ses.signers import Signers
from cockpit.profile import Aws, Profile, load_profile
from cockpit.watch.feedback import Ingest
from storage.database import Database
from storage.feedback import FeedbackStore
from tests.ses.messages import bounce, complaint, event

TARGET = "ses:123456789012/us-east-1"
QUEUE = "ses-feedback"
TOPIC = "ses-bounce-complaint-notifications"
TABLE = "ses-email-suppression-list"


def client(profile: Profile, service: str) -> Any:
    aws = profile.aws
    return boto3.client(
        service,
        region_name=aws.region,
        endpoint_url=aws.endpoint,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key=aws.secret_key,
    )


@pytest.fixture(scope="module")
def moto() -> Iterator[Profile]:
    """moto as a server of its own, with a queue behind a topic and one behind a topic that delivers raw."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    aws = Aws(
        region="us-east-1",
        account="123456789012",
        endpoint=f"http://127.0.0.1:{server.server_port}",
        access_key="a",
        secret_key="b",
    )
    profile = Profile(aws=aws, loopback_only=True)
    sqs, sns, dynamodb = (client(profile, name) for name in ("sqs", "sns", "dynamodb"))
    for name, raw in ((QUEUE, "false"), (f"{QUEUE}-raw", "true")):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = sns.create_topic(Name=f"{TOPIC}-{raw}")["TopicArn"]
        attributes = {"RawMessageDelivery": raw}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "email", "KeyType": "HASH"}, {"AttributeName": "reason", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("email", "reason")],
        BillingMode="PAY_PER_REQUEST",
    )
    yield profile
    server.shutdown()
    thread.join()
    server.server_close()


def publish(profile: Profile, *messages: dict[str, Any] | str, raw: str = "false") -> None:
    sns = client(profile, "sns")
    arn = sns.create_topic(Name=f"{TOPIC}-{raw}")["TopicArn"]
    for each in messages:
        sns.publish(TopicArn=arn, Message=each if isinstance(each, str) else json.dumps(each))


def ingest(profile: Profile, place: Path, queue: str, *, signature: str = "none", target: str = TARGET) -> Ingest:
    config = msgspec.convert({"feedback_queue": queue, "feedback_signature": signature}, SesConfig)
    return Ingest(place / "c.db", target, config, calls(profile), Signers(profile), wait_s=0)


@cache
def reader(profile_json: bytes) -> AwsReader:
    """One reader for each account: making the SDK's clients is what takes time."""
    return AwsReader(load_profile(profile_json))


def calls(profile: Profile) -> Calls:
    return Calls(reader(msgspec.json.encode(profile)), speed=1000)


async def look(work: Ingest) -> Observation:
    (found,) = [each for each in await work.look(datetime.now(UTC)) if each.vantage == DECISION]
    return found


@pytest.mark.parametrize(("queue", "raw"), [(QUEUE, "false"), (f"{QUEUE}-raw", "true")])
async def test_what_sns_puts_into_a_queue_is_kept_and_deleted(
    moto: Profile, tmp_path: Path, queue: str, raw: str
) -> None:
    now = datetime.now(UTC)
    publish(
        moto,
        bounce("a@x.example", "b@x.example", at=now),
        bounce("a@x.example", "b@x.example", at=now),
        bounce("soft@x.example", kind="Transient", at=now, id_="fb-7"),
        complaint("c@x.example", at=now),
        complaint("d@x.example", kind="not-spam", at=now, id_="fb-8"),
        *(event("Send", f"u{number}@x.example", at=now) for number in range(10)),
        "poison",
        raw=raw,
    )
    work = ingest(moto, tmp_path, queue)
    found = await look(work)
    assert found.verdict is Verdict.WARN, "poison was set aside, and that is told"
    assert (found.evidence["suppressed"], found.evidence["aside"], found.evidence["waiting"]) == (3, 1, 0)
    assert found.evidence["tally"]["permanent"] == 2
    assert found.evidence["bounce_fraction"] == 0.2
    again = await look(work)
    assert again.evidence["taken"] == 0, "nothing comes back, poison neither"
    work.close()
    with closing(Database.open(tmp_path / "c.db")) as database:
        store = FeedbackStore(database)
        assert {each.address for each in store.suppressed(TARGET)} == {"a@x.example", "b@x.example", "c@x.example"}
        (aside,) = store.aside(TARGET)
        assert "poison" in aside.body


async def test_an_unsigned_message_is_set_aside_where_signatures_are_wanted(moto: Profile, tmp_path: Path) -> None:
    publish(moto, bounce("forged@x.example", at=datetime.now(UTC)), raw="true")
    work = ingest(moto, tmp_path, f"{QUEUE}-raw", signature="1")
    found = await look(work)
    assert found.finding is not None
    assert "bears no signature" in found.finding.now
    assert found.evidence["suppressed"] == 0
    work.close()


async def test_what_cannot_be_kept_stays_in_the_queue(moto: Profile, tmp_path: Path) -> None:
    publish(moto, bounce("kept@x.example", at=datetime.now(UTC), id_="fb-20"))
    (tmp_path / "c.db").write_bytes(b"this is no database, and long enough to be told from an empty one" * 20)
    work = ingest(moto, tmp_path, QUEUE)
    found = await look(work)
    assert found.verdict is Verdict.UNKNOWN
    assert "stays in the queue" in found.headline
    work.close()
    sqs = client(moto, "sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert int(held["ApproximateNumberOfMessagesNotVisible"]) == 1
    sqs.purge_queue(QueueUrl=url)


async def test_a_queue_that_is_not_there_is_unknown(moto: Profile, tmp_path: Path) -> None:
    work = ingest(moto, tmp_path, "nothing-here")
    assert (await look(work)).verdict is Verdict.UNKNOWN
    work.close()


async def test_the_table_of_motos_dynamodb_is_read_too(moto: Profile) -> None:
    dynamodb = client(moto, "dynamodb")
    for number in range(25):
        item = {"email": {"S": f"m{number}@x.example"}, "reason": {"S": "bounce"}, "timestamp": {"S": "2026-11-21"}}
        dynamodb.put_item(TableName=TABLE, Item=item)
    entries, whole = await in_table(calls(moto), TABLE)
    assert (len(entries), whole) == (25, True)
    assert {each.reason for each in entries} == {"BOUNCE"}


async def test_a_bounce_of_the_simulator_arrives_signed_and_suppresses(
    world: LaunchedWorld, tmp_path: Path
) -> None:
    """SES takes a mail to its simulator, SNS signs what comes back, and the queue brings it here."""
    profile = world.profile
    work = ingest(profile, tmp_path, EVENT_QUEUE, signature="1", target="ses:447112341123/ca-central-1")
    client(profile, "sesv2").send_email(
        FromEmailAddress="news@shop.example",
        Destination={"ToAddresses": ["bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    )
    async with asyncio.timeout(30):
        while (found := await look(work)).evidence.get("suppressed", 0) < 2:
            assert found.verdict is not Verdict.UNKNOWN, found.headline
    assert found.evidence["aside"] == 0, found.finding
    work.close()
    listed, _ = await look_up(calls(profile), "nobody@x.example", "")
    assert listed is None


async def test_sns_out_of_reach_leaves_everything_in_the_queue(world: LaunchedWorld, tmp_path: Path) -> None:
    world.inject(do="aws-fault", kind="drop", service="sqs")
    work = ingest(world.profile, tmp_path, EVENT_QUEUE, signature="1", target="ses:447112341123/ca-central-1")
    try:
        found = await look(work)
    finally:
        world.inject(do="aws-heal")
    assert (found.verdict, found.evidence["failure"]) == (Verdict.UNKNOWN, "unreachable")
    work.close()

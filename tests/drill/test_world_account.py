"""The account of a served world: what AWS does of itself there, seen through boto3, TLS and the aws CLI."""

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.drill.aws.behaviours import DKIM_MANAGER, NOTIFICATION_HANDLER, UPDATE
from cockpit.drill.estate.company import FEEDBACK_TOPIC, SUPPRESSION_TABLE
from cockpit.drill.estate.provision import EVENT_QUEUE
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.profile import Profile
from tests.drill.conftest import until

Client = Callable[[Profile, str], Any]
HOST, ADDRESS = "www.shop.example", "203.0.113.10"


def test_the_documented_function_repairs_signing(world: LaunchedWorld, client: Client) -> None:
    event = {"action": UPDATE, "domain": "shop.example", "selector": "s2026b"}
    answer = client(world.profile, "lambda").invoke(FunctionName=DKIM_MANAGER, Payload=json.dumps(event).encode())
    told = json.loads(answer["Payload"].read())
    assert (told["statusCode"], told["final_dkim_status"], told["signing_origin"]) == (200, "SUCCESS", "EXTERNAL")
    identity = client(world.profile, "sesv2").get_email_identity(EmailIdentity="shop.example")
    assert identity["DkimAttributes"]["SigningAttributesOrigin"] == "EXTERNAL"


def test_an_alarm_reaches_the_queue(world: LaunchedWorld, client: Client) -> None:
    world.inject(do="mail-ramp", quantity="reputation-bounce", to=0.08, over_s=1.0)
    sqs = client(world.profile, "sqs")
    url = sqs.get_queue_url(QueueName=EVENT_QUEUE)["QueueUrl"]

    def fired() -> bool:
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", [])
        told = [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
        return any(one.get("NewStateValue") == "ALARM" for one in told)

    assert until(fired)


def test_a_bounce_of_the_simulator_ends_in_the_suppression_table(world: LaunchedWorld, client: Client) -> None:
    client(world.profile, "ses").send_email(
        Source="orders@shop.example",
        Destination={"ToAddresses": ["bounce@simulator.amazonses.com"]},
        Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
    )
    dynamodb = client(world.profile, "dynamodb")
    key = {"email": {"S": "bounce@simulator.amazonses.com"}, "reason": {"S": "bounce"}}
    assert until(lambda: dynamodb.get_item(TableName=SUPPRESSION_TABLE, Key=key).get("Item"))


def test_an_expired_certificate_is_replaced_over_the_real_protocols(world: LaunchedWorld, client: Client) -> None:
    world.inject(do="certificate", host=HOST, kind="expired")
    acm, elb = client(world.profile, "acm"), client(world.profile, "elbv2")
    route53 = client(world.profile, "route53")
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        _served_ends(world.profile)
    arn = acm.request_certificate(DomainName=HOST, ValidationMethod="DNS")["CertificateArn"]
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    record = told["DomainValidationOptions"][0]["ResourceRecord"]
    zone = route53.list_hosted_zones_by_name(DNSName="shop.example", MaxItems="1")["HostedZones"][0]["Id"]
    wanted = {
        "Name": record["Name"],
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    change = {"Action": "UPSERT", "ResourceRecordSet": wanted}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    until(lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED")
    (balancer,) = elb.describe_load_balancers(Names=["shop-example-lb"])["LoadBalancers"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    elb.modify_listener(ListenerArn=listener["ListenerArn"], Certificates=[{"CertificateArn": arn}])
    assert _served_ends(world.profile) > datetime.now(UTC)


@pytest.mark.peer
def test_the_commands_of_the_documents_work_from_the_command_line(world: LaunchedWorld) -> None:
    table = _aws(world, "dynamodb", "describe-table", "--table-name", SUPPRESSION_TABLE)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    function = _aws(world, "lambda", "get-function", "--function-name", NOTIFICATION_HANDLER)["Configuration"]
    assert function["Environment"]["Variables"]["SUPPRESSION_LIST_TABLE"] == SUPPRESSION_TABLE
    topic = f"arn:aws:sns:{world.profile.aws.region}:{world.profile.aws.account}:{FEEDBACK_TOPIC}"
    listed = _aws(world, "sns", "list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"]
    assert {one["Protocol"] for one in listed} == {"lambda", "sqs"}
    letter = "--subject s --text t --from a@shop.example --to success@simulator.amazonses.com"
    assert _aws(world, "ses", "send-email", *letter.split())["MessageId"]


def _served_ends(profile: Profile) -> datetime:
    """When the certificate ends that the host presents; raises what a careful client raises."""
    context = ssl.create_default_context(cadata=profile.ca_pem)
    with (
        socket.create_connection(profile.dialled(ADDRESS, 443), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname=HOST) as connection,
    ):
        served = connection.getpeercert()
    assert served is not None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(served["notAfter"])), UTC)


def _aws(world: LaunchedWorld, *arguments: str) -> Any:
    """Run the aws CLI of whoever has one installed, pointed at the world and at nothing else."""
    program = shutil.which("aws")
    if program is None:
        pytest.skip("the aws command line is not installed")
    aws, trap = world.profile.aws, world.status()["trap"]
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": aws.access_key or "",
        "AWS_SECRET_ACCESS_KEY": aws.secret_key or "",
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTPS_PROXY": trap,
        "NO_PROXY": "127.0.0.1",
    }
    command = [program, "--endpoint-url", aws.endpoint or "", *arguments, "--output", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

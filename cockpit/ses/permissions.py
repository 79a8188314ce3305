"""What AWS has to allow for each of the cockpit's roles, and nothing else: `cockpit iam` prints it.

The tables name every call that the code makes; a test reads the code and holds the two to each other. The IAM
action of a call is not always its name: SESv2 and SES share the prefix `ses`, and SQS's batches have no own action.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cockpit.errors import NotFound
from cockpit.ses.kit import calls as kit_calls

READ, REMEDIATE, INGEST = "read", "remediate", "ingest"
PROVISION, MESSAGES = "provision", "messages"
ROLES = (READ, REMEDIATE, INGEST, MESSAGES, PROVISION)


class Call(msgspec.Struct, frozen=True, order=True):
    """One operation of one service of the SDK, with the IAM action that allows it."""

    service: str
    operation: str
    action: str


def _calls(service: str, prefix: str, *operations: str) -> tuple[Call, ...]:
    return tuple(Call(service, operation, f"{prefix}:{operation}") for operation in operations)


CALLER = _calls("sts", "sts", "GetCallerIdentity")

WATCHED: tuple[Call, ...] = (
    *_calls(
        "elbv2",
        "elasticloadbalancing",
        "DescribeListeners",
        "DescribeLoadBalancers",
        "DescribeTargetGroups",
        "DescribeTargetHealth",
    ),
    *_calls("route53", "route53", "ListHostedZones", "ListResourceRecordSets"),
)
"""What looking at load balancers' targets and copying zones from Route 53 needs."""

READS: tuple[Call, ...] = (
    *CALLER,
    *WATCHED,
    *_calls(
        "sesv2",
        "ses",
        "GetAccount",
        "GetConfigurationSet",
        "GetEmailIdentity",
        "GetSuppressedDestination",
        "ListConfigurationSets",
        "ListRecommendations",
        "ListSuppressedDestinations",
    ),
    *_calls(
        "ses",
        "ses",
        "GetIdentityDkimAttributes",
        "GetIdentityMailFromDomainAttributes",
        "GetIdentityVerificationAttributes",
        "GetSendStatistics",
    ),
    *_calls("cloudwatch", "cloudwatch", "DescribeAlarmHistory", "DescribeAlarms", "GetMetricData"),
    *_calls("health", "health", "DescribeAffectedEntities", "DescribeEventDetails", "DescribeEvents"),
    *_calls("dynamodb", "dynamodb", "Query", "Scan"),
)
"""What looking at SES, load balancers and zones needs."""

SUPPRESSION: tuple[Call, ...] = (
    *_calls("sesv2", "ses", "DeleteSuppressedDestination", "GetSuppressedDestination", "PutSuppressedDestination"),
    *_calls("dynamodb", "dynamodb", "DeleteItem", "PutItem", "Query"),
)
"""What changing the suppression needs."""

SIGNING: tuple[Call, ...] = (
    *_calls(
        "sesv2",
        "ses",
        "GetEmailIdentity",
        "PutEmailIdentityDkimAttributes",
        "PutEmailIdentityDkimSigningAttributes",
    ),
    Call("s3", "GetObject", "s3:GetObject"),
    Call("s3", "ListObjectsV2", "s3:ListBucket"),
)
"""What signing with keys of our own needs."""

RECORDS: tuple[Call, ...] = _calls(
    "route53",
    "route53",
    "ActivateKeySigningKey",
    "ChangeResourceRecordSets",
    "CreateKeySigningKey",
    "DeactivateKeySigningKey",
    "DeleteKeySigningKey",
    "DisableHostedZoneDNSSEC",
    "EnableHostedZoneDNSSEC",
    "GetChange",
    "GetDNSSEC",
    "ListHostedZones",
    "ListResourceRecordSets",
)
"""What changing zones at Route 53 needs."""

SWITCHES: tuple[Call, ...] = (
    *_calls(
        "sesv2",
        "ses",
        "GetAccount",
        "GetConfigurationSet",
        "GetEmailIdentity",
        "ListConfigurationSets",
        "PutAccountDetails",
        "PutAccountSendingAttributes",
        "PutAccountSuppressionAttributes",
        "PutConfigurationSetSendingOptions",
        "PutEmailIdentityDkimAttributes",
        "PutEmailIdentityMailFromAttributes",
    ),
    *_calls(
        "ses",
        "ses",
        "GetAccountSendingEnabled",
        "GetIdentityDkimAttributes",
        "GetIdentityMailFromDomainAttributes",
    ),
    *_calls("support", "support", "CreateCase", "DescribeCases"),
    *_calls("cloudwatch", "cloudwatch", "DescribeAlarms", "DisableAlarmActions", "EnableAlarmActions"),
    Call("lambda", "GetFunctionConfiguration", "lambda:GetFunctionConfiguration"),
    Call("lambda", "Invoke", "lambda:InvokeFunction"),
)
"""What switching sending, MAIL FROM and alarms, running a function and writing to AWS need."""

CERTIFICATES: tuple[Call, ...] = (
    *_calls(
        "acm",
        "acm",
        "DeleteCertificate",
        "DescribeCertificate",
        "ImportCertificate",
        "ListCertificates",
        "RequestCertificate",
    ),
    *_calls(
        "elbv2",
        "elasticloadbalancing",
        "AddListenerCertificates",
        "DescribeListenerCertificates",
        "DescribeListeners",
        "DescribeLoadBalancers",
        "ModifyListener",
        "RemoveListenerCertificates",
    ),
)
"""What renewing and presenting certificates needs."""

TARGETS: tuple[Call, ...] = (
    *_calls("acm", "acm", "DescribeCertificate"),
    *_calls(
        "elbv2",
        "elasticloadbalancing",
        "DeregisterTargets",
        "DescribeListenerCertificates",
        "DescribeListeners",
        "DescribeLoadBalancers",
        "DescribeRules",
        "DescribeTargetGroups",
        "DescribeTargetHealth",
        "RegisterTargets",
    ),
)
"""What registering targets behind load balancers and taking them out needs."""

CHANGES: tuple[Call, ...] = (*CALLER, *SUPPRESSION, *SIGNING, *RECORDS, *SWITCHES, *CERTIFICATES, *TARGETS)
"""What the remedies need."""

TELLING: tuple[Call, ...] = (
    *CALLER,
    *_calls("sesv2", "ses", "SendEmail"),
    # What is sent is composed here, and for that AWS asks for the older operation's action besides.
    Call("sesv2", "SendEmail", "ses:SendRawEmail"),
    *_calls("sns", "sns", "Publish"),
    *_calls("support", "support", "CreateCase"),
)
"""What telling people by mail through SES and by text message needs, and opening a case at AWS Support."""

QUEUE: tuple[Call, ...] = (
    *CALLER,
    Call("sqs", "DeleteMessageBatch", "sqs:DeleteMessage"),
    *_calls("sqs", "sqs", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"),
)
"""What working the feedback queue off needs."""

KIT: tuple[Call, ...] = (
    *CALLER,
    *(
        Call(service, each, kit_calls.RENAMED.get(each, f"{kit_calls.ACTIONS.get(service, service)}:{each}"))
        for service, names in kit_calls.CALLS.items()
        for each in names
    ),
)
"""What making the compliance kit and keys of our own needs."""

_OF_ROLE: Mapping[str, tuple[Call, ...]] = {
    READ: READS,
    REMEDIATE: CHANGES,
    INGEST: QUEUE,
    MESSAGES: TELLING,
    PROVISION: KIT,
}

_WITHOUT_RESOURCE = ("sts:", "cloudwatch:", "health:", "support:", "elasticloadbalancing:Describe")
"""Actions that IAM allows for everything or not at all."""

_ACCOUNT_WIDE = frozenset(
    {
        "acm:ListCertificates",
        "acm:RequestCertificate",
        "route53:ListHostedZones",
        "ses:GetAccount",
        "ses:GetAccountSendingEnabled",
        "ses:PutAccountDetails",
        "ses:PutAccountSendingAttributes",
        "ses:PutAccountSuppressionAttributes",
        "ses:ListConfigurationSets",
        "ses:ListRecommendations",
        "ses:ListSuppressedDestinations",
        "ses:GetSuppressedDestination",
        "ses:PutSuppressedDestination",
        "ses:DeleteSuppressedDestination",
        "ses:GetIdentityDkimAttributes",
        "ses:GetIdentityMailFromDomainAttributes",
        "ses:GetIdentityNotificationAttributes",
        "ses:GetIdentityVerificationAttributes",
        "ses:GetSendStatistics",
        "ses:SetIdentityNotificationTopic",
    }
)
"""Actions that belong to the account, or speak of several of its things at once."""


class Where(msgspec.Struct, frozen=True):
    """What the policies are for: empty names stand for every one of their kind.

    `secrets` are names or ARNs in Secrets Manager that the configuration refers to; without any, none is allowed.
    """

    account: str = ""
    region: str = ""
    queue: str = ""
    table: str = ""
    bucket: str = ""
    secrets: tuple[str, ...] = ()


def secrets_in(settings: Any) -> tuple[str, ...]:
    """What a configuration, as plain values, refers to in Secrets Manager: `aws:NAME` or `aws:NAME#field`."""
    if isinstance(settings, str):
        place = settings.removeprefix("aws:")
        return (place.partition("#")[0],) if place != settings else ()
    held = (
        settings.values()
        if isinstance(settings, Mapping)
        else settings
        if isinstance(settings, list | tuple)
        else ()
    )
    return tuple(sorted({name for each in held for name in secrets_in(each)}))


def calls_of(role: str) -> tuple[Call, ...]:
    """Every call that a role makes; raises NotFound."""
    found = _OF_ROLE.get(role)
    if found is None:
        raise NotFound(f"There is no role {role!r}; there are: {', '.join(ROLES)}.")
    return found


def policy(role: str, where: Where) -> dict[str, Any]:
    """The least that a role needs, as an IAM policy document; raises NotFound."""
    actions = sorted({each.action for each in calls_of(role)} | set(kit_calls.BESIDES if role == PROVISION else ()))
    anywhere = [each for each in actions if each in _ACCOUNT_WIDE or each.startswith(_WITHOUT_RESOURCE)]
    statements = [_statement("Account", anywhere, ["*"], where)]
    if role == MESSAGES:
        # A telephone has no ARN: everything that is no topic.
        actions.remove("sns:Publish")
        telephones = _statement("Telephones", ["sns:Publish"], [], where)
        statements.append(telephones | {"NotResource": "arn:aws:sns:*:*:*"})
    for name, prefix, resources in (
        ("Identities", "ses:", [_arn("ses", where, "identity/*"), _arn("ses", where, "configuration-set/*")]),
        ("SuppressionTable", "dynamodb:", [_arn("dynamodb", where, f"table/{where.table or '*'}")]),
        ("FeedbackQueue", "sqs:", [_arn("sqs", where, _queue_name(where.queue) or "*")]),
        ("DkimKeys", "s3:", [f"arn:aws:s3:::{where.bucket or '*'}", f"arn:aws:s3:::{where.bucket or '*'}/*"]),
        ("Zones", "route53:", ["arn:aws:route53:::hostedzone/*", "arn:aws:route53:::change/*"]),
        ("Certificates", "acm:", [_arn("acm", where, "certificate/*")]),
        (
            "Balancers",
            "elasticloadbalancing:",
            [_arn("elasticloadbalancing", where, f"{each}/*") for each in ("listener", "targetgroup")],
        ),
        ("Functions", "lambda:", [_arn("lambda", where, "function:*")]),
        ("Topics", "sns:", [_arn("sns", where, "*")]),
        ("Roles", "iam:", [f"arn:aws:iam::{where.account or '*'}:role/*"]),
    ):
        bound = [each for each in actions if each.startswith(prefix) and each not in anywhere]
        if bound:
            statements.append(_statement(name, bound, resources, where))
    if where.secrets and role in (READ, REMEDIATE, MESSAGES):
        # The end of a secret's ARN is six letters that its name does not tell.
        arns = [
            each if each.startswith("arn:") else _arn("secretsmanager", where, f"secret:{each}-??????")
            for each in where.secrets
        ]
        statements.append(_statement("Secrets", ["secretsmanager:GetSecretValue"], arns, where))
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(name: str, actions: Sequence[str], resources: Sequence[str], where: Where) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": f"Cockpit{name}", "Effect": "Allow", "Action": list(actions)}
    if resources:
        statement["Resource"] = resources[0] if len(resources) == 1 else list(resources)
    # AWS Health and some others have one endpoint for all regions: a condition on the region would shut them out.
    regional = not any(each.startswith(("health:", "sts:", "support:", "route53:")) for each in actions)
    if where.region and resources == ["*"] and regional:
        statement["Condition"] = {"StringEquals": {"aws:RequestedRegion": where.region}}
    return statement


def _arn(service: str, where: Where, resource: str) -> str:
    return f"arn:aws:{service}:{where.region or '*'}:{where.account or '*'}:{resource}"


def _queue_name(queue: str) -> str:
    return queue.rstrip("/").rpartition("/")[2] if "://" in queue else queue

"""Every call that making, comparing, proving and removing the kit takes, and what else AWS wants allowed for it."""

from collections.abc import Mapping

CALLS: Mapping[str, tuple[str, ...]] = {
    "cloudwatch": ("DeleteAlarms", "DescribeAlarms", "GetMetricStatistics", "PutMetricAlarm"),
    "dynamodb": ("CreateTable", "DeleteItem", "DeleteTable", "DescribeTable", "Query", "UpdateTable"),
    "iam": ("CreateRole", "DeleteRole", "DeleteRolePolicy", "GetRole", "GetRolePolicy", "PutRolePolicy"),
    "lambda": (
        "AddPermission",
        "CreateFunction",
        "DeleteFunction",
        "GetFunction",
        "GetPolicy",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    ),
    "s3": ("GetObject", "ListObjectsV2", "PutObject"),
    "ses": ("GetIdentityNotificationAttributes", "SetIdentityNotificationTopic"),
    "sesv2": ("GetEmailIdentity", "SendEmail"),
    "sns": (
        "CreateTopic",
        "DeleteTopic",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "SetTopicAttributes",
        "Subscribe",
        "Unsubscribe",
    ),
    "sqs": ("CreateQueue", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl", "SetQueueAttributes"),
}
"""Operations by service; those on S3 are the stored DKIM keys', which are made by the same person."""

ACTIONS = {"sesv2": "ses", "ses": "ses"}
"""Prefixes of IAM actions that are not the service's name."""

RENAMED = {"ListObjectsV2": "s3:ListBucket"}
"""Calls whose IAM action has another name."""

BESIDES = (
    "cloudwatch:TagResource",
    "dynamodb:TagResource",
    "iam:PassRole",
    "iam:TagRole",
    "lambda:TagResource",
    "sns:TagResource",
    "sqs:TagQueue",
)
"""Actions that are no call: tags given at the making, and a role handed to a function."""

"""Every call that making, comparing, proving and removing the kit takes, and what else AWS wants allowed for it."""

from collections.abc import Mapping

CALLS: Mapping[str, tuple[str, ...]] = {
    "cloudwatch": (
        "DeleteAlarms",
        "DescribeAlarms",
        "GetMetricStatistics",
        "ListTagsForResource",
        "PutMetricAlarm",
        "TagResource",
    ),
    "dynamodb": (
        "CreateTable",
        "DeleteItem",
        "DeleteTable",
        "DescribeTable",
        "ListTagsOfResource",
        "Query",
        "TagResource",
        "UpdateTable",
    ),
    "iam": (
        "CreateRole",
        "DeleteRole",
        "DeleteRolePolicy",
        "GetRole",
        "GetRolePolicy",
        "ListRoleTags",
        "PutRolePolicy",
        "TagRole",
    ),
    "lambda": (
        "AddPermission",
        "CreateFunction",
        "DeleteFunction",
        "GetFunction",
        "GetPolicy",
        "ListTags",
        "TagResource",
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
        "ListTagsForResource",
        "SetTopicAttributes",
        "Subscribe",
        "TagResource",
        "Unsubscribe",
    ),
    "sqs": (
        "CreateQueue",
        "DeleteQueue",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListQueueTags",
        "SetQueueAttributes",
        "TagQueue",
    ),
}
"""Operations by service; those on S3 are the stored DKIM keys', which are made by the same person."""

ACTIONS = {"sesv2": "ses", "ses": "ses"}
"""Prefixes of IAM actions that are not the service's name."""

RENAMED = {"ListObjectsV2": "s3:ListBucket"}
"""Calls whose IAM action has another name."""

BESIDES = ("iam:PassRole",)
"""Actions that are no call: a role handed to a function."""

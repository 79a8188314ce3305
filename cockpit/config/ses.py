"""What can be configured about sending by SES, as it is written under `ses:` in `cockpit.yaml`."""

from typing import Annotated, Literal

import msgspec


class SesAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more account or region to watch; what is left out is as under `aws:`. Both are pinned."""

    account: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{12})?\Z")] = ""
    region: Annotated[str, msgspec.Meta(pattern=r"^([a-z]{2}(-[a-z]+)+-[0-9])?\Z")] = ""
    sdk_profile: str | None = None


class SesConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything about sending but the account under `aws:`.

    `namespace` is the CloudWatch namespace in which the organisation counts EmailsSent, EmailsFailed and
    EmailsSuppressed itself. `feedback_queue` is the SQS queue (name or URL) that bounces and complaints come by;
    the watch works it off. `feedback_topics` are the SNS topics (ARNs) that are believed, none meaning any, and
    `feedback_signature` the lowest signature version that is taken: topics sign with "1" unless told otherwise, and
    "none" also takes raw messages, which bear no signature. `suppression_table` is the DynamoDB table of suppressed
    addresses (key `email`, range `reason`); `fails_open` says that the senders send when it cannot be asked.
    """

    accounts: tuple[SesAccount, ...] = ()
    namespace: Annotated[str, msgspec.Meta(max_length=255)] = ""
    feedback_queue: str = ""
    feedback_topics: tuple[str, ...] = ()
    feedback_signature: Literal["none", "1", "2"] = "1"
    suppression_table: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]*\Z")] = ""
    fails_open: bool = True

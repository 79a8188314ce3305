"""The function that SES's topic calls: it suppresses whom the cockpit's own rule suppresses.

It runs in AWS Lambda beside `cockpit/ses/feedback.py`, which is put into the same archive. Environment:
SUPPRESSION_LIST_TABLE. A message that says nothing about mail is logged and left; an entry that cannot be written
fails the call, so that Lambda tries again and nothing is lost.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cockpit.ses.feedback import Feedback, NotFeedbackError, read


def lambda_handler(event: Mapping[str, Any], context: Any, client: Any = None) -> dict[str, Any]:
    """Suppress the recipients of every message of an SNS event; answers with what was done, by count."""
    suppressed = noted = left = 0
    for record in event.get("Records", ()):
        try:
            found = read(record["Sns"]["Message"])
        except (NotFeedbackError, KeyError, TypeError) as error:
            left += 1
            print(f"LEFT {type(error).__name__}: {error}")
            continue
        for each in found:
            if not each.suppress:
                noted += 1
                print(f"NOTED {each.kind} {each.subtype} {each.detail}")
                continue
            client = client or _table_client()
            client.put_item(TableName=os.environ["SUPPRESSION_LIST_TABLE"], Item=item(each))
            suppressed += 1
            print(f"SUPPRESSED {each.kind} {each.subtype} {each.id}")
    return {"statusCode": 200, "suppressed": suppressed, "noted": noted, "left": left}


def item(feedback: Feedback) -> dict[str, dict[str, str]]:
    """The table's entry; the same feedback twice is the same entry."""
    return {
        "email": {"S": feedback.recipient},
        "reason": {"S": feedback.suppress.lower()},
        "timestamp": {"S": feedback.at.isoformat()},
        "detail": {"S": f"{feedback.subtype} {feedback.detail}".strip()},
        "feedback_id": {"S": feedback.id},
        "added_at": {"S": datetime.now(UTC).isoformat()},
    }


def _table_client() -> Any:
    import boto3

    return boto3.client("dynamodb")

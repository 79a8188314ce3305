"""What SES itself counts per 15 minutes (SES GetSendStatistics), for when CloudWatch does not answer.

CloudWatch has the same counts, beside deliveries, AWS's own figures and those of each configuration set, so it is
asked first. These need no permission on CloudWatch, and do not go away with it.
"""

from datetime import datetime
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.cloudwatch import LOOK_BACK
from cockpit.probes.ses.calls import Asker

VANTAGE = "ses"
_COUNTS = {"send": "DeliveryAttempts", "bounce": "Bounces", "complaint": "Complaints", "reject": "Rejects"}


async def read_statistics(aws: Asker, target: str, check: str, *, at: datetime) -> Reading:
    """Counts under the names of `read_rates`, oldest first; `figures_unread` says that AWS's own are missing."""

    async def look(reader: Asker) -> dict[str, Any]:
        answer = await reader.call("ses", "get_send_statistics")
        recent = [each for each in answer.get("SendDataPoints", ()) if each["Timestamp"] > at - LOOK_BACK]
        points = sorted(recent, key=lambda each: each["Timestamp"])
        seen: dict[str, Any] = {key: [float(each.get(name, 0)) for each in points] for key, name in _COUNTS.items()}
        seen["from"] = points[0]["Timestamp"].isoformat() if points else None
        return seen | {"figures_unread": True}

    return await aws.read(target, check, VANTAGE, at, look)

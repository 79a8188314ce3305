"""What SES says of the account in its region, and of what is in it (SESv2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.ses.calls import Asker
from cockpit.probes.ses.identity import VANTAGE, text


async def read_account(aws: Asker, target: str, check: str, *, at: datetime) -> Reading:
    """The account in its region: `enforcement`, `sending_enabled`, `production`, quota and review."""

    async def look(reader: Asker) -> dict[str, Any]:
        return _account(await reader.call("sesv2", "get_account"))

    return await aws.read(target, check, VANTAGE, at, look)


def _account(answer: Mapping[str, Any]) -> dict[str, Any]:
    quota = answer.get("SendQuota") or {}
    review = ((answer.get("Details") or {}).get("ReviewDetails")) or {}
    return {
        "enforcement": text(answer, "EnforcementStatus"),
        "sending_enabled": answer.get("SendingEnabled"),
        "production": answer.get("ProductionAccessEnabled"),
        "max_24_hours": quota.get("Max24HourSend"),
        "sent_24_hours": quota.get("SentLast24Hours"),
        "max_per_second": quota.get("MaxSendRate"),
        "review_status": text(review, "Status"),
        "review_case": text(review, "CaseId"),
    }

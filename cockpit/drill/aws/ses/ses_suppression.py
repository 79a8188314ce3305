"""SESv2: the account's suppression list, by address and by import."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.paging import page
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.ses.mail import MailAccount
from cockpit.drill.aws.ses.suppression import REASONS, Suppressed

KEPT_JOBS = 50
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """One import, done as soon as it was asked for; `failure` is empty when the file could be read."""

    id: str
    at: datetime
    destination: Mapping[str, Any]
    source: Mapping[str, Any]
    processed: int
    failed: int
    failure: str


class SesSuppression:
    """The suppression operations; `fetch` gives an object of S3 by bucket and key, None when there is none."""

    name = "sesv2"

    def __init__(self, account: MailAccount, fetch: Callable[[str, str], bytes | None]) -> None:
        self._account = account
        self._fetch = fetch
        self._jobs: dict[str, ImportJob] = {}
        self._numbered = 0

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "PutSuppressedDestination": self.put_suppressed,
            "GetSuppressedDestination": self.get_suppressed,
            "ListSuppressedDestinations": self.list_suppressed,
            "DeleteSuppressedDestination": self.delete_suppressed,
            "PutAccountSuppressionAttributes": self.put_account_suppression,
            "CreateImportJob": self.create_import_job,
            "GetImportJob": self.get_import_job,
            "ListImportJobs": self.list_import_jobs,
        }

    def put_suppressed(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutSuppressedDestination; not for accounts in the sandbox."""
        _no_tenant(call)
        if not self._account.production:
            raise AwsError("BadRequestException", "Accounts in the sandbox cannot use this operation.", 400)
        address = call.parameters["EmailAddress"].lower()
        self._account.suppression.put(Suppressed(address, call.parameters["Reason"], call.at))
        return {}

    def get_suppressed(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetSuppressedDestination."""
        _no_tenant(call)
        found = self._account.suppression.get(call.parameters["EmailAddress"])
        if found is None:
            raise _absent()
        told: dict[str, Any] = {
            "EmailAddress": found.address,
            "Reason": found.reason,
            "LastUpdateTime": found.at,
        }
        if found.message_id:
            told["Attributes"] = {"MessageId": found.message_id, "FeedbackId": found.feedback_id}
        return {"SuppressedDestination": told}

    def list_suppressed(self, call: Call) -> Mapping[str, Any]:
        """SESv2 ListSuppressedDestinations by reason and time."""
        _no_tenant(call)
        asked = call.parameters
        found = self._account.suppression.select(
            asked.get("Reasons", REASONS), asked.get("StartDate", _FIRST), asked.get("EndDate", _LAST)
        )
        shown, more = page(found, asked.get("NextToken"), asked.get("PageSize", 1000), "InvalidNextTokenException")
        summaries = [{"EmailAddress": one.address, "Reason": one.reason, "LastUpdateTime": one.at} for one in shown]
        return {"SuppressedDestinationSummaries": summaries, **more}

    def delete_suppressed(self, call: Call) -> Mapping[str, Any]:
        """SESv2 DeleteSuppressedDestination."""
        _no_tenant(call)
        if not self._account.suppression.take(call.parameters["EmailAddress"]):
            raise _absent()
        return {}

    def put_account_suppression(self, call: Call) -> Mapping[str, Any]:
        """SESv2 PutAccountSuppressionAttributes: the list of reasons replaces the one before."""
        reasons = tuple(call.parameters.get("SuppressedReasons", ()))
        if any(reason not in REASONS for reason in reasons):
            raise AwsError("BadRequestException", "A reason among them is not valid.", 400)
        self._account.suppressed_reasons = reasons
        return {}

    def create_import_job(self, call: Call) -> Mapping[str, Any]:
        """SESv2 CreateImportJob for the suppression list, from CSV or JSON lines in S3."""
        destination, source = call.parameters["ImportDestination"], call.parameters["ImportDataSource"]
        if "SuppressionListDestination" not in destination:
            raise not_built("sesv2:CreateImportJob for contact lists")
        action = destination["SuppressionListDestination"]["SuppressionListImportAction"]
        bucket, _, key = source["S3Url"].removeprefix("s3://").partition("/")
        body = self._fetch(bucket, key)
        processed, failed = (0, 0) if body is None else self._import(body, source["DataFormat"], action, call.at)
        self._numbered += 1
        job = ImportJob(
            id=f"drill-import-{self._numbered:06d}",
            at=call.at,
            destination=destination,
            source=source,
            processed=processed,
            failed=failed,
            failure="The S3 object cannot be read." if body is None else "",
        )
        self._jobs[job.id] = job
        if len(self._jobs) > KEPT_JOBS:
            del self._jobs[next(iter(self._jobs))]
        return {"JobId": job.id}

    def get_import_job(self, call: Call) -> Mapping[str, Any]:
        """SESv2 GetImportJob."""
        job = self._jobs.get(call.parameters["JobId"])
        if job is None:
            raise AwsError("NotFoundException", "The import job does not exist.", 404)
        told = _summary(job) | {"ImportDataSource": job.source, "CompletedTimestamp": job.at}
        return told | ({"FailureInfo": {"ErrorMessage": job.failure}} if job.failure else {})

    def list_import_jobs(self, call: Call) -> Mapping[str, Any]:
        """SESv2 ListImportJobs, the newest first."""
        jobs = list(self._jobs.values())[::-1]
        size = call.parameters.get("PageSize", 100)
        shown, more = page(jobs, call.parameters.get("NextToken"), size, "BadRequestException")
        return {"ImportJobs": [_summary(job) for job in shown], **more}

    def _import(self, body: bytes, form: str, action: str, at: datetime) -> tuple[int, int]:
        processed = failed = 0
        for address, reason in _rows(body.decode("utf-8", "replace"), form):
            try:
                if action == "PUT":
                    self._account.suppression.put(Suppressed(address.lower(), reason, at))
                else:
                    self._account.suppression.take(address)
            except AwsError:
                failed += 1
            processed += 1
        return processed, failed


def _rows(text: str, form: str) -> Iterator[tuple[str, str]]:
    """Address and reason of each line; the reason is missing where addresses are taken off."""
    if form == "CSV":
        for row in csv.reader(io.StringIO(text)):
            if row and row[0].strip():
                yield row[0].strip(), row[1].strip().upper() if len(row) > 1 else ""
        return
    for line in text.splitlines():
        try:
            given = json.loads(line)
        except ValueError:
            given = {}
        if line.strip():
            yield str(given.get("emailAddress", "")), str(given.get("reason", "")).upper()


def _summary(job: ImportJob) -> dict[str, Any]:
    return {
        "JobId": job.id,
        "ImportDestination": job.destination,
        "JobStatus": "FAILED" if job.failure else "COMPLETED",
        "CreatedTimestamp": job.at,
        "ProcessedRecordsCount": job.processed,
        "FailedRecordsCount": job.failed,
    }


def _no_tenant(call: Call) -> None:
    if "TenantName" in call.parameters:
        raise not_built(f"sesv2:{call.operation} for tenants")


def _absent() -> AwsError:
    return AwsError("NotFoundException", "Email address does not exist on your suppression list.", 404)

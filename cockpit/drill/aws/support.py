"""AWS Support: cases and what is written in them; nobody answers but the facilitator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation

KEPT_CASES = 100
KEPT_LETTERS = 50
MAX_LETTER = 8_000
SEVERITIES = {
    "low": "Low",
    "normal": "Normal",
    "high": "High",
    "urgent": "Urgent",
    "critical": "Critical",
}


@dataclass(frozen=True, slots=True)
class CaseLetter:
    """One communication of a case."""

    at: datetime
    author: str
    body: str


@dataclass(slots=True, kw_only=True)
class Case:
    """One support case."""

    id: str
    display_id: str
    subject: str
    service: str
    category: str
    severity: str
    author: str
    at: datetime
    copies: tuple[str, ...] = ()
    status: str = "opened"
    letters: list[CaseLetter] = field(default_factory=list)


class Support:
    """The cases of one account; `subscribed` is whether its support plan has the API."""

    name = "support"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._cases: dict[str, Case] = {}
        self._numbered = 0
        self.subscribed = True

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateCase": self.create_case,
            "DescribeCases": self.describe_cases,
            "DescribeCommunications": self.describe_communications,
            "AddCommunicationToCase": self.add_communication,
            "ResolveCase": self.resolve_case,
            "DescribeSeverityLevels": self.describe_severity_levels,
        }

    def reply(self, case_id: str, body: str, at: datetime) -> None:
        """Answer as AWS would; raises AwsError (CaseIdNotFound)."""
        case = self._case(case_id)
        _add(case, CaseLetter(at, "Amazon Web Services", body))
        case.status = "pending-customer-action"

    def newest(self) -> str | None:
        """The id of the case that was opened last; None where there is none."""
        return next(reversed(self._cases), None)

    def create_case(self, call: Call) -> Mapping[str, Any]:
        """Support CreateCase; a dry run only looks."""
        self._check_plan()
        asked = call.parameters
        severity = asked.get("severityCode", "low")
        if severity not in SEVERITIES:
            raise AwsError("ValidationException", f"severityCode {severity} is not valid.", 400)
        if len(asked["communicationBody"]) > MAX_LETTER:
            raise AwsError("ValidationException", f"communicationBody is longer than {MAX_LETTER} characters.", 400)
        if asked.get("dryRun"):
            return {}
        if len(self._cases) >= KEPT_CASES:
            raise AwsError("CaseCreationLimitExceeded", "The case creation limit for the account is exceeded.", 400)
        self._numbered += 1
        case = Case(
            id=f"case-{self._place.account}-muen-2026-drill{self._numbered:06d}",
            display_id=f"{990_000_000 + self._numbered}",
            subject=asked["subject"],
            service=asked.get("serviceCode", "general-info"),
            category=asked.get("categoryCode", "using-aws"),
            severity=severity,
            author=call.caller.rpartition("/")[2],
            at=call.at,
            copies=tuple(asked.get("ccEmailAddresses", ())),
        )
        _add(case, CaseLetter(call.at, case.author, asked["communicationBody"]))
        self._cases[case.id] = case
        return {"caseId": case.id}

    def describe_cases(self, call: Call) -> Mapping[str, Any]:
        """Support DescribeCases by id and time, all on one page; resolved ones only when asked for."""
        self._check_plan()
        asked = call.parameters
        ids = asked.get("caseIdList")
        if ids is not None:
            for case_id in ids:
                self._case(case_id)
        cases = [
            case
            for case in self._cases.values()
            if (ids is None or case.id in ids)
            and asked.get("displayId", case.display_id) == case.display_id
            and (case.status != "resolved" or asked.get("includeResolvedCases"))
            and asked.get("afterTime", "") <= _stamp(case.at) <= asked.get("beforeTime", "9999")
        ]
        whole = asked.get("includeCommunications", True)
        return {"cases": [_shown(case, whole) for case in cases]}

    def describe_communications(self, call: Call) -> Mapping[str, Any]:
        """Support DescribeCommunications, the newest first, all on one page."""
        self._check_plan()
        return {"communications": _letters(self._case(call.parameters["caseId"]))}

    def add_communication(self, call: Call) -> Mapping[str, Any]:
        """Support AddCommunicationToCase."""
        self._check_plan()
        case = self._case(call.parameters.get("caseId", ""))
        if not call.parameters.get("dryRun"):
            _add(case, CaseLetter(call.at, call.caller.rpartition("/")[2], call.parameters["communicationBody"]))
            case.status = "reopened" if case.status == "resolved" else "customer-action-completed"
        return {"result": True}

    def resolve_case(self, call: Call) -> Mapping[str, Any]:
        """Support ResolveCase."""
        self._check_plan()
        case = self._case(call.parameters.get("caseId", ""))
        before, case.status = case.status, "resolved"
        return {"initialCaseStatus": before, "finalCaseStatus": case.status}

    def describe_severity_levels(self, call: Call) -> Mapping[str, Any]:
        """Support DescribeSeverityLevels."""
        self._check_plan()
        return {"severityLevels": [{"code": code, "name": name} for code, name in SEVERITIES.items()]}

    def _case(self, case_id: str) -> Case:
        if case_id not in self._cases:
            raise AwsError("CaseIdNotFound", f"No case found with ID {case_id[:80]}", 400)
        return self._cases[case_id]

    def _check_plan(self) -> None:
        if not self.subscribed:
            message = "Amazon Web Services Premium Support Subscription is required to use this service."
            raise AwsError("SubscriptionRequiredException", message, 400)


def _add(case: Case, letter: CaseLetter) -> None:
    if len(letter.body) > MAX_LETTER:
        raise AwsError("ValidationException", f"communicationBody is longer than {MAX_LETTER} characters.", 400)
    if len(case.letters) < KEPT_LETTERS:
        case.letters.append(letter)


def _shown(case: Case, whole: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "caseId": case.id,
        "displayId": case.display_id,
        "subject": case.subject,
        "status": case.status,
        "serviceCode": case.service,
        "categoryCode": case.category,
        "severityCode": case.severity,
        "submittedBy": case.author,
        "timeCreated": _stamp(case.at),
        "ccEmailAddresses": list(case.copies),
        "language": "en",
    }
    return told | ({"recentCommunications": {"communications": _letters(case)[:5]}} if whole else {})


def _letters(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "caseId": case.id,
            "body": letter.body,
            "submittedBy": letter.author,
            "timeCreated": _stamp(letter.at),
        }
        for letter in reversed(case.letters)
    ]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

"""What concerns the account: which reasons suppress, the request for production access, and support cases.

Sources: SESv2 PutAccountSuppressionAttributes (the list replaces the former one), PutAccountDetails, and AWS
Support CreateCase, which only the larger support plans have.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import botocore.exceptions

from cockpit.actions.aws import reading
from cockpit.actions.aws_remedy import AwsRemedy, Intention, changed
from cockpit.actions.contract import Line, Outcome, Plan, PlanRefused, PlanStep, Verification
from cockpit.clock import format_time, parse_time
from cockpit.text import visible

_CASE_CLOCK = timedelta(minutes=1)
"""By how much AWS Support's clock may be behind ours."""


class SuppressionReasons(AwsRemedy):
    """`ses.suppression-reasons`; parameter `reasons`: BOUNCE, COMPLAINT, both, or none."""

    sends = {"sesv2": ("PutAccountSuppressionAttributes",)}
    reads = {"sesv2": ("GetAccount",)}

    def intend(self, now: datetime) -> Intention:
        """The reasons as they shall be; the former list is replaced, so it is kept for the way back."""
        wanted = {"both": ["BOUNCE", "COMPLAINT"], "none": []}.get(self.asked["reasons"], [self.asked["reasons"]])
        before, desired = self._state("plan"), {"reasons": wanted}
        missing = {"BOUNCE", "COMPLAINT"} - set(wanted)
        return Intention(
            title=f"suppress addresses after {_listed(wanted)}",
            before=before,
            desired=desired,
            diff=changed("reasons", _listed(before["reasons"]), _listed(wanted), _listed(before["reasons"])),
            steps=(self._step(before, desired),),
            way_back=(self._step(desired, before),),
            undo=f"yes: {_listed(before['reasons'])} again; addresses that were added meanwhile stay on the list",
            message=f"SES suppresses addresses after {_listed(wanted)}",
            reach=f"every mail of {self.access.clients.region}, but for sets with reasons of their own",
            proof=(f"after {_listed(sorted(missing))} SES goes on sending",) if missing else (),
            checks=("GetAccount by a fresh client",),
            graver="addresses that bounce or complain are written to again" if missing else "",
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """The reasons now."""
        return self._state(purpose)

    def _state(self, purpose: str) -> dict[str, Any]:
        account = self.ask(purpose, "what suppresses addresses", "sesv2:GetAccount")
        told = (account.get("SuppressionAttributes") or {}).get("SuppressedReasons") or []
        return {"reasons": sorted(visible(reason) for reason in told)}

    def _step(self, before: dict[str, Any], after: dict[str, Any]) -> PlanStep:
        request = {"SuppressedReasons": after["reasons"]}
        says = f"suppress after {_listed(after['reasons'])}"
        return PlanStep("sesv2:PutAccountSuppressionAttributes", says, before, after, request)


class ProductionAccess(AwsRemedy):
    """`ses.production-access`: ask AWS to let the account out of the sandbox, or answer a review."""

    sends = {"sesv2": ("PutAccountDetails",)}
    reads = {"sesv2": ("GetAccount",)}

    def intend(self, now: datetime) -> Intention:
        """The text as it will be sent; people at AWS read it, so it cannot be unsent."""
        account = self.ask("plan", "how the account stands", "sesv2:GetAccount")
        details = account.get("Details") or {}
        production = bool(account.get("ProductionAccessEnabled"))
        review = visible((details.get("ReviewDetails") or {}).get("Status", ""))
        if review == "PENDING":
            case = visible(details["ReviewDetails"].get("CaseId", ""))
            raise PlanRefused(
                "NOTHING_TO_DO", f"A request is under review already ({case or 'no case number told'})."
            )
        before = _details(details)
        desired = {"type": self.asked["mail_type"], "site": self.asked["site"], "text": self.asked["text"]}
        request: dict[str, Any] = {
            "MailType": desired["type"],
            "WebsiteURL": desired["site"],
            "ContactLanguage": "EN",
            "UseCaseDescription": desired["text"],
            "ProductionAccessEnabled": True,
        }
        if self.asked.get("contact"):
            request["AdditionalContactEmailAddresses"] = [self.asked["contact"]]
        says = "send the account details and ask for production access"
        stands = "production" if production else "the sandbox: 200 mails a day, verified recipients only"
        return Intention(
            title="answer AWS's review" if production else "ask AWS for production access",
            before=before,
            desired=desired,
            diff=tuple(Line("+", label, value) for label, value in desired.items()),
            steps=(PlanStep("sesv2:PutAccountDetails", says, before, desired, request),),
            way_back=(),
            undo="cannot be undone: people at AWS read the text as soon as it is sent",
            message="AWS has the account details",
            reach=f"the account in {self.access.clients.region}, which is in {stands}",
            proof=(f"AWS says {visible(account.get('EnforcementStatus', 'unknown'))}",),
            checks=("GetAccount by a fresh client: the details, and the review",),
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """The details that AWS has."""
        return _details(self.ask(purpose, "what AWS has been told", "sesv2:GetAccount").get("Details") or {})

    def verify(self, plan: Plan) -> Verification:
        """AWS has the text; what it decides, and when, is for people there."""
        found = super().verify(plan)
        if found.outcome is not Outcome.DONE:
            return found
        account = self.ask("verify", "how the review stands", "sesv2:GetAccount")
        review = (account.get("Details") or {}).get("ReviewDetails") or {}
        status, case = visible(review.get("Status", "")), visible(review.get("CaseId", ""))
        told = f"the review is {status}, {case}" if status else "no review is open"
        seen = {"review": status, "case": case}
        return Verification(Outcome.DONE, f"AWS has the details; {told}. The answer comes from people.", seen)


class SupportCase(AwsRemedy):
    """`ses.support-case`: open a case with AWS Support; parameters `subject`, `text`, `severity`."""

    sends = {"support": ("CreateCase",)}
    reads = {"support": ("DescribeCases",)}

    def intend(self, now: datetime) -> Intention:
        """The case as it will be opened; where the support plan has no interface, the text to paste."""
        subject, text, severity = (self.asked[name] for name in ("subject", "text", "severity"))
        self._require_plan(subject, text, severity)
        request = {
            "subject": subject,
            "communicationBody": text,
            "severityCode": severity,
            "serviceCode": "amazon-simple-email-service",
            "categoryCode": "general-guidance",
            "issueType": "technical",
            "language": "en",
        }
        before, desired = {"case": ""}, {"case": "open"}
        return Intention(
            title=f"open a support case: {subject}",
            before=before,
            desired=desired,
            diff=(Line("+", "subject", subject), Line("+", "severity", severity), Line("+", "text", text)),
            steps=(PlanStep("support:CreateCase", f"open a {severity} case", before, desired, request),),
            way_back=(),
            undo="cannot be undone: people at AWS read it; a case can be resolved in the Support Center",
            message="The case is open",
            reach="no mail: a letter to AWS Support",
            checks=("DescribeCases by a fresh client",),
            subject={"subject": subject, "since": format_time(now - _CASE_CLOCK)},
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """Whether a case of that subject was opened since the plan was made."""
        return {"case": "open" if self._found(plan, purpose) else ""}

    def verify(self, plan: Plan) -> Verification:
        """Find the case and tell its number."""
        case = self._found(plan, "verify")
        if case is None:
            return Verification(Outcome.WAITING, "AWS Support does not list the case yet.", {"case": ""})
        number = visible(case.get("displayId", ""))
        return Verification(Outcome.DONE, f"Case {number} is open.", {"case": visible(case.get("caseId", ""))})

    def _found(self, plan: Plan, purpose: str) -> Mapping[str, Any] | None:
        answer = self.ask(purpose, "which cases are open", "support:DescribeCases", includeResolvedCases=True)
        since = parse_time(str(plan.subject["since"]))
        for case in answer.get("cases") or ():
            opened = parse_time(str(case.get("timeCreated", "")))
            if case.get("subject") == plan.subject["subject"] and opened >= since:
                found: Mapping[str, Any] = case
                return found
        return None

    def _require_plan(self, subject: str, text: str, severity: str) -> None:
        client = self.access.clients.reader("support")
        try:
            client.describe_cases(maxResults=10)
        except botocore.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") != "SubscriptionRequiredException":
                reading("which cases are open", lambda: client.describe_cases(maxResults=10))
                return
        except botocore.exceptions.BotoCoreError:
            reading("which cases are open", lambda: client.describe_cases(maxResults=10))
            return
        else:
            return
        raise PlanRefused(
            "NO_SUPPORT_PLAN",
            "This account's support plan has no interface for cases. Open it by hand in the Support Center"
            f" (service: Simple Email Service, severity: {severity}): {subject} -- {text}",
        )


def _details(details: Mapping[str, Any]) -> dict[str, Any]:
    names = {"type": "MailType", "site": "WebsiteURL", "text": "UseCaseDescription"}
    return {ours: visible(details.get(theirs, ""), limit=5000) for ours, theirs in names.items()}


def _listed(reasons: Any) -> str:
    return " and ".join(str(reason).lower() for reason in reasons) or "nothing"

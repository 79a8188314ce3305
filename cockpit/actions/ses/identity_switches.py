"""What an identity does with its mail: DKIM signing on or off, and the MAIL FROM domain.

Sources: SESv2 PutEmailIdentityDkimAttributes and PutEmailIdentityMailFromAttributes; SES's conditions for a MAIL
FROM domain are a subdomain of the identity with exactly one MX, `10 feedback-smtp.REGION.amazonses.com`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.actions.aws_remedy import AwsRemedy, Intention, changed
from cockpit.actions.cards import Access
from cockpit.actions.contract import Outcome, Plan, PlanRefused, PlanStep, Request, Verification
from cockpit.actions.dns.published import LookUp, Published, look_up
from cockpit.text import visible

_DKIM = "sesv2:PutEmailIdentityDkimAttributes"
_MAIL_FROM = "sesv2:PutEmailIdentityMailFromAttributes"
_ON = {True: "on", False: "off"}


class DkimSwitch(AwsRemedy):
    """`ses.dkim-on` and `ses.dkim-off`; parameter `domain`."""

    sends = {"sesv2": ("PutEmailIdentityDkimAttributes",)}
    reads = {"sesv2": ("GetEmailIdentity",), "ses": ("GetIdentityDkimAttributes",)}

    def __init__(self, request: Request, access: Access, *, on: bool) -> None:
        super().__init__(request, access)
        self._domain = request.parameters["domain"]
        self._on = on

    def intend(self, now: datetime) -> Intention:
        """Signing on or off, and what that means for mail."""
        dkim = self._dkim("plan")
        was, status = bool(dkim.get("SigningEnabled")), visible(dkim.get("Status", "unknown"))
        before, desired = {"signing": was}, {"signing": self._on}
        proof = [f"SES says DKIM {status}"]
        if self._on and status != "SUCCESS":
            proof.append("SES signs only once it says SUCCESS: the keys have to be published first")
        if not self._on:
            proof.append("mail leaves unsigned: where DMARC rests on DKIM alone it fails from then on")
        return Intention(
            title=f"turn DKIM signing of {self._domain} {_ON[self._on]}",
            before=before,
            desired=desired,
            diff=changed("signing", _ON[was], _ON[self._on], f"turned {_ON[was]} again"),
            steps=(self._step(before, desired),),
            way_back=(self._step(desired, before),),
            undo=f"yes: signing {_ON[was]} again, keys and selector untouched",
            message=f"DKIM signing of {self._domain} is {_ON[self._on]}",
            names=(self._domain,),
            proof=tuple(proof),
            checks=("GetIdentityDkimAttributes, the older interface, by a fresh client",),
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """Whether signing is on."""
        return {"signing": bool(self._dkim(purpose).get("SigningEnabled"))}

    def verify(self, plan: Plan) -> Verification:
        """Ask SES's older interface."""
        answer = self.ask(
            "verify", f"how {self._domain} is signed", "ses:GetIdentityDkimAttributes", Identities=[self._domain]
        )
        told = answer.get("DkimAttributes", {}).get(self._domain, {})
        seen = {
            "signing": bool(told.get("DkimEnabled")),
            "status": visible(told.get("DkimVerificationStatus", "unknown")),
        }
        if seen["signing"] != plan.desired["signing"]:
            return Verification(Outcome.WAITING, f"SES says that signing is {_ON[bool(seen['signing'])]}.", seen)
        return Verification(Outcome.DONE, f"SES says that signing is {_ON[bool(seen['signing'])]}.", seen)

    def _dkim(self, purpose: str) -> Mapping[str, Any]:
        answer = self.ask(
            purpose, f"how {self._domain} is set up", "sesv2:GetEmailIdentity", EmailIdentity=self._domain
        )
        dkim: Mapping[str, Any] = answer.get("DkimAttributes") or {}
        return dkim

    def _step(self, before: dict[str, Any], after: dict[str, Any]) -> PlanStep:
        request = {"EmailIdentity": self._domain, "SigningEnabled": after["signing"]}
        return PlanStep(_DKIM, f"turn DKIM signing {_ON[after['signing']]}", before, after, request)


class MailFrom(AwsRemedy):
    """`ses.mail-from`; parameters `domain`, `mail_from` (empty: SES's own) and `on_mx_failure`."""

    sends = {"sesv2": ("PutEmailIdentityMailFromAttributes",)}
    reads = {"sesv2": ("GetEmailIdentity",), "ses": ("GetIdentityMailFromDomainAttributes",)}

    def __init__(self, request: Request, access: Access, *, look_up: LookUp = look_up) -> None:
        super().__init__(request, access)
        self._look_up = look_up
        self._domain = request.parameters["domain"]
        self._wanted = request.parameters.get("mail_from", "")
        self._behaviour = request.parameters.get("on_mx_failure") or "USE_DEFAULT_VALUE"
        if self._wanted and not self._wanted.endswith(f".{self._domain}"):
            raise PlanRefused("BAD_PARAMETER", f"The MAIL FROM domain has to be a subdomain of {self._domain}.")

    def intend(self, now: datetime) -> Intention:
        """The MAIL FROM domain as it shall be; refused while its MX is not what SES wants."""
        before = self._state("plan")
        # Without a domain of its own there is no MX that could fail, and SES keeps its default.
        behaviour = self._behaviour if self._wanted else "USE_DEFAULT_VALUE"
        desired = {"mail_from": self._wanted, "on_mx_failure": behaviour}
        proof = (
            [self._require_mx(self._wanted)] if self._wanted else ["SPF passes for SES's own domain, not aligned"]
        )
        return Intention(
            title=f"send mail from {self._domain} with MAIL FROM {_named(desired)}",
            before=before,
            desired=desired,
            diff=changed("MAIL FROM", _named(before), _named(desired), f"{_named(before)} again"),
            steps=(self._step(before, desired),),
            way_back=(self._step(desired, before),),
            undo=f"yes: back to {_named(before)}; SES verifies it anew",
            message=f"MAIL FROM of {self._domain} is {_named(desired)}",
            names=(self._domain,),
            proof=tuple(proof),
            checks=("GetIdentityMailFromDomainAttributes by a fresh client", "the MX at every name server"),
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """Domain and behaviour as SES tells them."""
        return self._state(purpose)

    def verify(self, plan: Plan) -> Verification:
        """Ask SES's older interface whether the domain is verified, and the name servers for its MX."""
        answer = self.ask(
            "verify",
            f"what MAIL FROM {self._domain} has",
            "ses:GetIdentityMailFromDomainAttributes",
            Identities=[self._domain],
        )
        told = answer.get("MailFromDomainAttributes", {}).get(self._domain, {})
        wanted, name = plan.desired["mail_from"], visible(told.get("MailFromDomain") or "")
        status = visible(told.get("MailFromDomainStatus") or "")
        seen = {"mail_from": name, "status": status}
        if name != wanted:
            return Verification(Outcome.WAITING, f"SES says MAIL FROM {name or 'of its own'}.", seen)
        if wanted and status.upper() == "FAILED" and not plan.subject.get("taken_back"):
            return Verification(Outcome.FAILED, f"SES says that {wanted} FAILED.", seen)
        if wanted and status.upper() != "SUCCESS" and not plan.subject.get("taken_back"):
            return Verification(Outcome.WAITING, f"SES says {status}: it has not seen the MX yet.", seen)
        held = f", and {self._require_mx(wanted)}" if wanted and not plan.subject.get("taken_back") else ""
        return Verification(Outcome.DONE, f"{plan.subject['message']}{held}.", seen)

    def _require_mx(self, name: str) -> str:
        wanted = f"10 feedback-smtp.{self.access.clients.region}.amazonses.com"
        found: Published = self._look_up(self.access.profile, self._domain, [(name, "MX")])[0]
        held, servers, _, _ = found.agreeing(
            lambda answer: [value.rstrip(".").lower() for value in answer.values] == [wanted]
        )
        if not servers or held < servers:
            raise PlanRefused(
                "DNS_MX_NOT_READY",
                f"{name} needs exactly one MX, {wanted}, and has it at {held} of {servers} name servers:"
                " publish it first.",
            )
        return f"{name} has the MX at {held}/{servers} name servers"

    def _state(self, purpose: str) -> dict[str, Any]:
        answer = self.ask(
            purpose, f"how {self._domain} is set up", "sesv2:GetEmailIdentity", EmailIdentity=self._domain
        )
        told = answer.get("MailFromAttributes") or {}
        return {
            "mail_from": visible(told.get("MailFromDomain") or ""),
            "on_mx_failure": visible(told.get("BehaviorOnMxFailure") or "USE_DEFAULT_VALUE"),
        }

    def _step(self, before: dict[str, Any], after: dict[str, Any]) -> PlanStep:
        request = {"EmailIdentity": self._domain, "BehaviorOnMxFailure": after["on_mx_failure"]}
        if after["mail_from"]:
            request["MailFromDomain"] = after["mail_from"]
        return PlanStep(_MAIL_FROM, f"set MAIL FROM to {_named(after)}", before, after, request)


def _named(state: Mapping[str, Any]) -> str:
    if not state["mail_from"]:
        return "SES's own domain"
    refused = " (mail is refused without MX)" if state["on_mx_failure"] == "REJECT_MESSAGE" else ""
    return f"{state['mail_from']}{refused}"

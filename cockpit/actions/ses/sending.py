"""Stopping and starting mail: `ses.pause` and `ses.resume`, for a configuration set or for the whole account.

There are three different stops. AWS stops an account (EnforcementStatus SHUTDOWN), and nothing here lifts that; we
stop an account (PutAccountSendingAttributes); we stop one configuration set
(PutConfigurationSetSendingOptions), which is to be preferred, for the rest goes on.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cockpit.actions.aws_remedy import AwsRemedy, Intention, changed
from cockpit.actions.cards import Access
from cockpit.actions.contract import Outcome, Plan, PlanRefused, PlanStep, Request, Verification
from cockpit.text import visible

ACCOUNT = "account"
"""What stands for the whole account where a configuration set could be named."""

_SET = "sesv2:PutConfigurationSetSendingOptions"
_WHOLE = "sesv2:PutAccountSendingAttributes"
_GOES = {True: "on", False: "paused"}


class SendingSwitch(AwsRemedy):
    """Parameter `what`: the name of a configuration set, or `account`."""

    sends = {"sesv2": ("PutConfigurationSetSendingOptions", "PutAccountSendingAttributes")}
    reads = {
        "sesv2": ("GetAccount", "GetConfigurationSet", "ListConfigurationSets"),
        "ses": ("GetAccountSendingEnabled",),
    }

    def __init__(self, request: Request, access: Access, *, on: bool) -> None:
        super().__init__(request, access)
        self._what = request.parameters["what"]
        self._on = on

    @property
    def _whole(self) -> bool:
        return self._what == ACCOUNT

    def intend(self, now: datetime) -> Intention:
        """Sending on or paused, with who set the pause where there is one."""
        account = self.ask("plan", "how the account stands", "sesv2:GetAccount")
        enforcement = visible(account.get("EnforcementStatus", "unknown"))
        self._refuse_what_aws_did(account, enforcement)
        was = self._enabled("plan")
        before, desired = {"sending": was}, {"sending": self._on}
        what = "the account" if self._whole else f"configuration set {self._what}"
        return Intention(
            title=f"{'resume' if self._on else 'pause'} sending for {what}",
            before=before,
            desired=desired,
            diff=changed("sending", _GOES[was], _GOES[self._on], f"{_GOES[was]} again"),
            steps=(self._step(before, desired),),
            way_back=(self._step(desired, before),),
            undo=f"yes: sending {_GOES[was]} again; mail that was refused meanwhile is not sent by that",
            message=f"Sending for {what} is {_GOES[self._on]}",
            reach=self._reach(),
            proof=(f"AWS says {enforcement}: this pause is ours", *self._narrower()),
            checks=("the switch, read by a fresh client", *self._older()),
            graver="every mail of the account in this region stops, or starts" if self._whole else "",
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """Whether it may send."""
        return {"sending": self._enabled(purpose)}

    def verify(self, plan: Plan) -> Verification:
        """Ask SES's older interface for the account, a fresh client for a configuration set."""
        if self._whole:
            answer = self.ask("verify", "whether the account sends", "ses:GetAccountSendingEnabled")
            on = bool(answer.get("Enabled"))
        else:
            on = self._enabled("verify")
        if on != plan.desired["sending"]:
            return Verification(Outcome.WAITING, f"SES says that sending is {_GOES[on]}.", {"sending": on})
        return Verification(Outcome.DONE, f"SES says that sending is {_GOES[on]}.", {"sending": on})

    def _refuse_what_aws_did(self, account: Any, enforcement: str) -> None:
        if enforcement != "SHUTDOWN" or not self._on and not self._whole:
            return
        case = visible(account.get("Details", {}).get("ReviewDetails", {}).get("CaseId", ""))
        where = f"review case {case}" if case else "the review case in the Support Center"
        if self._on:
            sentence = f"AWS paused sending for this account (SHUTDOWN), and only AWS lifts that: answer {where}."
        else:
            sentence = f"AWS has paused sending for this account already (SHUTDOWN); answer {where}."
        raise PlanRefused("PAUSED_BY_AWS", sentence)

    def _enabled(self, purpose: str) -> bool:
        if self._whole:
            return bool(self.ask(purpose, "how the account stands", "sesv2:GetAccount").get("SendingEnabled"))
        answer = self.ask(
            purpose,
            f"how configuration set {self._what} is set",
            "sesv2:GetConfigurationSet",
            ConfigurationSetName=self._what,
        )
        return bool((answer.get("SendingOptions") or {}).get("SendingEnabled", True))

    def _reach(self) -> str:
        domains: Sequence[Any] = self.request.scope.get("domains") or ()
        services = {visible(name) for each in domains for name in each.get("services") or ()}
        mail = sum(each.get("mail_per_hour") or 0 for each in domains)
        rate = f"{mail} mail/h" if mail else "mail per hour not known"
        if not self._whole:
            return f"what is sent through configuration set {self._what}; at most {len(domains)} domains, {rate}"
        return f"all of {self.access.clients.region}: {len(domains)} domains, {len(services)} services, {rate}"

    def _narrower(self) -> tuple[str, ...]:
        if not self._whole or self._on:
            return ()
        sets = self.ask("plan", "which configuration sets there are", "sesv2:ListConfigurationSets")
        names = [visible(name) for name in sets.get("ConfigurationSets") or ()]
        return (f"narrower: pause one configuration set ({', '.join(names[:8])})",) if names else ()

    def _older(self) -> tuple[str, ...]:
        return ("GetAccountSendingEnabled, the older interface",) if self._whole else ()

    def _step(self, before: dict[str, Any], after: dict[str, Any]) -> PlanStep:
        request: dict[str, Any] = {"SendingEnabled": after["sending"]}
        if not self._whole:
            request["ConfigurationSetName"] = self._what
        says = f"{'resume' if after['sending'] else 'pause'} sending for {self._what}"
        return PlanStep(_WHOLE if self._whole else _SET, says, before, after, request)

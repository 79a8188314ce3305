"""`lambda.invoke`: run one of the account's functions with a payload that is shown, and believe only what is seen.

An answer of HTTP 200 says that the function ran, not that it did its work: `FunctionError` and the `statusCode` of
its answer tell that. For the BYODKIM manager the contract is known (`update_ses_byodkim_automated`): codes that
prove that nothing was changed, the fields of success, and a state at SES that we read ourselves, before and after.
The other action of its procedure, `phase_manager`, is not implemented by the deployed function, so it is refused.

Parameters: `function`, `payload` (a JSON object). Source: Lambda Invoke, `RequestResponse`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from cockpit.actions.aws import sent
from cockpit.actions.aws_remedy import AwsRemedy, Intention
from cockpit.actions.cards import Access
from cockpit.actions.contract import (
    EffectRefused,
    EffectUnknown,
    Line,
    Outcome,
    Plan,
    PlanRefused,
    PlanStep,
    Request,
    Verification,
)
from cockpit.actions.ses.dkim_state import OWN, in_words, state_of, status_of
from cockpit.ses.estate.functions import UPDATE
from cockpit.text import redact, visible

NOT_BUILT = "phase_manager"
HARMLESS = frozenset(
    {
        "DNS_TXT_NOT_READY",
        "CERTIFICATE_NOT_FOUND",
        "UNSUPPORTED_ACTION",
        "MISSING_PARAMETER",
        "DNS_RECORDS_NOT_FOUND",
    }
)
"""Errors by which a function's contract says that it stopped before it changed anything."""

_INVOKE = "lambda:Invoke"
_KEYS = ("origin", "selector", "signing")


class InvokeFunction(AwsRemedy):
    """One invocation. What it does is known only for the BYODKIM manager."""

    sends: ClassVar[Mapping[str, tuple[str, ...]]] = {"lambda": ("Invoke",)}
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "lambda": ("GetFunctionConfiguration",),
        "sesv2": ("GetEmailIdentity",),
    }

    def __init__(self, request: Request, access: Access) -> None:
        super().__init__(request, access)
        self._function = request.parameters["function"]
        self._payload = _payload_of(request.parameters.get("payload") or "{}")
        self._answer: Mapping[str, Any] = {}
        action = self._payload.get("action")
        if action == NOT_BUILT:
            raise PlanRefused(
                "UNSUPPORTED_ACTION",
                f"The deployed function does not implement {NOT_BUILT}: it would answer UNSUPPORTED_ACTION. Phase 7"
                f" is {UPDATE}; phases 1 to 6 are run by their own pipeline.",
            )
        self._domain = str(self._payload.get("domain", "")) if action == UPDATE else ""
        if action == UPDATE and not (self._domain and self._payload.get("selector")):
            raise PlanRefused("BAD_PARAMETER", f"{UPDATE} needs `domain` and `selector` in its payload.")

    def intend(self, now: datetime) -> Intention:
        """The payload as it is sent, and what is known of its effect."""
        told = self.ask(
            "plan", "how the function is set up", "lambda:GetFunctionConfiguration", FunctionName=self._function
        )
        if told.get("State", "Active") != "Active" or told.get("LastUpdateStatus", "Successful") != "Successful":
            raise PlanRefused("NOT_READY", f"{self._function} is {visible(told.get('State', 'not ready'))}.")
        before, desired = self._states()
        text = json.dumps(self._payload, sort_keys=True)
        request = {"FunctionName": self._function, "InvocationType": "RequestResponse", "Payload": text}
        lines = [Line("+", "payload", text)]
        if self._domain:
            lines += [Line("-", "signing", in_words(before)), Line("+", "signing", in_words(desired), _BACK)]
        known = "its contract is known" if self._domain else "what it does is not known here"
        return Intention(
            title=f"run {self._function}",
            before=before,
            desired=desired,
            diff=tuple(lines),
            steps=(PlanStep(_INVOKE, f"run {self._function}", before, desired, request),),
            way_back=(),
            undo=f"cannot be undone by the function; {_BACK}" if self._domain else "cannot be undone from here",
            message=f"{self._function} did its work",
            names=(self._domain,) if self._domain else (),
            reach="" if self._domain else f"whatever {self._function} reaches; no mail as far as is known",
            proof=(
                f"{visible(told.get('Runtime', ''))}, changed {visible(told.get('LastModified', ''))}; {known}",
            ),
            checks=(
                ("GetEmailIdentity by a fresh client: SUCCESS and EXTERNAL",)
                if self._domain
                else ("the function's own answer: there is nothing else to look at",)
            ),
            graver="" if self._domain else "what the function does is not known here",
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """How SES signs, for the BYODKIM manager; for other functions nothing can be seen."""
        if not self._domain:
            return {"answered": True if self._answer else None}
        return {key: value for key, value in state_of(self._identity(purpose)).items() if key in _KEYS}

    def deliver(self, plan: Plan, step: PlanStep) -> str:
        """Run it once; its answer decides what is known."""
        client = self.access.clients.changer("lambda", self.sends["lambda"])
        answers: list[Mapping[str, Any]] = []
        request = {**step.request, "Payload": step.request["Payload"].encode()}
        outcome = sent("Invoke", lambda: answers.append(client.invoke(**request)))
        if outcome is not None:
            raise outcome
        self._answer = _answer_of(answers[0])
        trouble = _trouble(self._answer)
        if trouble is not None:
            raise trouble
        return f"the function answered: {_shown(self._answer)}"

    def verify(self, plan: Plan) -> Verification:
        """The answer's own fields, and then SES itself, which is what counts."""
        if not self._domain:
            if not self._answer:
                return Verification(Outcome.FAILED, "Its answer was lost, and nothing else tells what it did.", {})
            return Verification(
                Outcome.DONE, f"It answered {_shown(self._answer)}.", {"answer": _shown(self._answer)}
            )
        identity = self._identity("verify")
        live, status = state_of(identity), status_of(identity)
        seen = {"status": status, "origin": live["origin"], "selector": live["selector"]}
        claimed = self._answer.get("final_dkim_status"), self._answer.get("signing_origin")
        if live["origin"] != OWN or live["selector"] != plan.desired["selector"] or not live["signing"]:
            return Verification(Outcome.FAILED, f"SES says {in_words(live)}, whatever the function says.", seen)
        if status in ("FAILED", "NOT_STARTED"):
            return Verification(Outcome.FAILED, f"SES says DKIM {status}.", seen)
        if status != "SUCCESS":
            return Verification(Outcome.WAITING, f"SES says {status}; the function said {claimed[0]}.", seen)
        return Verification(Outcome.DONE, "SES says SUCCESS with our key, asked by ourselves.", seen)

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """The function's answer beside what was seen."""
        return {
            **super().result(plan, verification, at),
            "function": self._function,
            "answer": _shown(self._answer),
        }

    def _states(self) -> tuple[dict[str, Any], dict[str, Any]]:
        if not self._domain:
            return {"answered": False}, {"answered": True}
        identity = self._identity("plan")
        before = {key: value for key, value in state_of(identity).items() if key in _KEYS}
        desired = {"origin": OWN, "selector": str(self._payload["selector"]), "signing": True}
        if before == desired and status_of(identity) != "SUCCESS":
            raise PlanRefused("NOTHING_TO_DO", f"SES has that key already and says {status_of(identity)}.")
        return before, desired

    def _identity(self, purpose: str) -> Mapping[str, Any]:
        return self.ask(
            purpose, f"how {self._domain} is set up", "sesv2:GetEmailIdentity", EmailIdentity=self._domain
        )


_BACK = "ses.restore-dkim goes back to what signs now"


def _payload_of(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise PlanRefused("BAD_PARAMETER", "The payload has to be one JSON object.")
    return found


def _answer_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as a mapping; a proxy's `body` is unpacked, and an error of the runtime is marked as one."""
    raw = told["Payload"].read(100_000) if "Payload" in told else b"{}"
    try:
        found = json.loads(raw)
    except ValueError:
        found = {"answer": visible(raw.decode("utf-8", "replace"), limit=500)}
    answer = dict(found) if isinstance(found, dict) else {"answer": found}
    if isinstance(answer.get("body"), str):
        try:
            inner = json.loads(answer["body"])
            answer |= inner if isinstance(inner, dict) else {}
        except ValueError:
            answer["body"] = visible(answer["body"], limit=300)
    if told.get("FunctionError"):
        answer["function_error"] = visible(told["FunctionError"])
    return answer or {"answer": "nothing"}


def _trouble(answer: Mapping[str, Any]) -> EffectRefused | EffectUnknown | None:
    """What the answer says of its effect; None for success."""
    words = visible(answer.get("message") or answer.get("errorMessage") or "no reason given", limit=300)
    if "function_error" in answer:
        kind = visible(answer.get("errorType", "error"), limit=60)
        return EffectUnknown(f"The function failed ({answer['function_error']}, {kind}): {words}")
    status = answer.get("statusCode", 200)
    if not isinstance(status, int) or status < 400:
        return None
    error = visible(answer.get("error", "unknown"), limit=60)
    if error in HARMLESS:
        return EffectRefused(error, f"The function stopped before it changed anything: {error}, {words}")
    return EffectUnknown(f"The function answered {status}, {error}: {words}")


def _shown(answer: Mapping[str, Any]) -> str:
    return redact(visible(json.dumps(answer, sort_keys=True, default=str), limit=600))

"""`ses.byodkim`: let SES sign a domain with our own key, under a selector that is already published.

The whole of the BYODKIM phase-7 procedure: DNS first, then the key from S3, then the signing attributes, then
signing on, then the proof. It differs where the procedure is unsafe: the key has to fit the published record at
every authoritative server before anything is sent, and the way back is the former origin and selector, not
"DKIM off", which would leave mail unsigned. While SES has not verified a new key (PENDING) it does not sign with
the former one either, so each direction opens a window of unsigned mail; the plan says so.

Parameters: `domain`, `selector`. Error codes: DNS_TXT_NOT_READY, CERTIFICATE_NOT_FOUND, SES_UPDATE_FAILED.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from cockpit.actions.aws import Caller, reading, sent
from cockpit.actions.cards import Access
from cockpit.actions.contract import (
    EffectRefused,
    EffectUnknown,
    Outcome,
    Plan,
    PlanRefused,
    PlanStep,
    Request,
    State,
    Verification,
    agrees,
)
from cockpit.actions.dns.published import LookUp, Published, look_up
from cockpit.actions.risk import risk_of
from cockpit.actions.ses.dkim_keys import DkimKeys
from cockpit.actions.ses.dkim_published import difference, pairing, points_to
from cockpit.actions.ses.dkim_state import (
    EASY,
    OWN,
    diff_lines,
    hosted_zone_of,
    in_words,
    signed_with,
    state_of,
    status_of,
)
from cockpit.text import visible

NAME = "ses.byodkim"
DNS_TXT_NOT_READY = "DNS_TXT_NOT_READY"
SES_UPDATE_FAILED = "SES_UPDATE_FAILED"
PLAN_LASTS = timedelta(minutes=15)

_SIGNING = "PutEmailIdentityDkimSigningAttributes"
_ENABLE = "PutEmailIdentityDkimAttributes"
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DONE = "SES BYODKIM update completed successfully"
_WINDOW = "up to 15 min of unsigned mail while SES says PENDING"


@dataclass(frozen=True, slots=True)
class _WayBack:
    """Whether and how the former signing can be had again; `sha256` names the former key where it was ours."""

    possible: bool
    sentence: str
    proof: tuple[str, ...] = ()
    sha256: str = ""


class SesByodkim:
    """The remedy for one request. Raises PlanRefused at once when the parameters cannot be used."""

    def __init__(self, request: Request, access: Access, *, look_up: LookUp = look_up) -> None:
        self._request = request
        self._profile = access.profile
        self._clients = access.clients
        self._look_up = look_up
        self._scope = request.scope
        self._name = request.remedy
        self._domain = request.parameters.get("domain", "").lower().rstrip(".")
        self._selector = request.parameters.get("selector", "")
        if not _DOMAIN.fullmatch(self._domain):
            shown = visible(self._domain, limit=80)
            raise PlanRefused("BAD_PARAMETER", f"{shown!r} is not a domain name.")
        if not _SELECTOR.fullmatch(self._selector):
            shown = visible(self._selector, limit=80)
            raise PlanRefused("BAD_PARAMETER", f"SES takes letters, digits and hyphens, not {shown!r}.")
        self._keys = DkimKeys(access.clients, request.scope, self._domain)

    # Planning: DNS first, then the key, then what SES has now

    def plan(self, now: datetime) -> Plan:
        """Prove that the published record and the stored key are a pair, and say what would change at SES."""
        caller = self._clients.caller()
        published = self._txt(self._selector)
        self._require_published(published)
        key = self._keys.public(self._selector)
        self._require_pair(published, key.sha256)
        self._keys.require_records()
        identity = self._identity()
        before, status = state_of(identity), status_of(identity)
        if before == signed_with(self._selector) and status == "SUCCESS":
            raise PlanRefused(
                "NOTHING_TO_DO", f"SES signs {self._domain} with {self._selector} already, and has verified it."
            )
        back = self._way_back(before, hosted_zone_of(identity))
        steps, way_back = self._steps(before, key.sha256, back.sha256)
        return self._written(
            now,
            caller,
            title=f"point SES signing for {self._domain} at selector {self._selector}",
            before=before,
            desired=signed_with(self._selector),
            steps=steps,
            way_back=way_back if back.possible else (),
            undo=back.sentence,
            rolls_back=status == "SUCCESS",
            proof=(pairing(published, key, self._keys.place(self._selector)), *back.proof),
            sha256=key.sha256,
            subject={"message": _DONE, "wanted_status": "SUCCESS", "former_status": status},
        )

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """Say how the former origin and selector come back; raises PlanRefused when they cannot."""
        if not done.reversible:
            raise PlanRefused("ONE_WAY", f"It cannot be undone. {done.undo}")
        caller = self._clients.caller()
        identity = self._identity()
        live = state_of(identity)
        if agrees(live, done.desired) is False:
            raise PlanRefused("CHANGED_SINCE", f"SES was changed after that run: it is now {in_words(live)}.")
        back = self._way_back(done.before, hosted_zone_of(identity))
        if not back.possible:
            raise PlanRefused("ONE_WAY", f"Any more, it {back.sentence}")
        return self._written(
            now,
            caller,
            title=f"put SES signing for {self._domain} back to {in_words(done.before)}",
            before=done.desired,
            desired=done.before,
            steps=tuple(reversed(done.way_back)),
            way_back=tuple(reversed(done.steps)),
            undo=f"yes: forward again to {in_words(done.desired)}",
            rolls_back=False,
            proof=back.proof,
            sha256=back.sha256,
            # What was not verified before will not be verified again by going back to it.
            subject={
                "message": "SES DKIM signing is back to what it was",
                "wanted_status": "SUCCESS" if done.subject["former_status"] == "SUCCESS" else "",
                "former_status": "SUCCESS",
            },
        )

    def _written(
        self,
        now: datetime,
        caller: Caller,
        *,
        title: str,
        before: dict[str, Any],
        desired: dict[str, Any],
        steps: tuple[PlanStep, ...],
        way_back: tuple[PlanStep, ...],
        undo: str,
        rolls_back: bool,
        proof: tuple[str, ...],
        sha256: str,
        subject: dict[str, Any],
    ) -> Plan:
        account = self._profile.aws.account
        risk = risk_of(self._request, "" if way_back else "there is no way back")
        return Plan(
            remedy=self._name,
            title=title,
            target=self._domain,
            account=account,
            region=self._clients.region,
            caller=caller.arn,
            before=before,
            desired=desired,
            diff=diff_lines(before, desired),
            reach=self._reach(),
            undo=undo,
            proof=proof,
            checks=("GetEmailIdentity SUCCESS, by a fresh client", "independent read at the authoritative servers"),
            risk=risk.level,
            steps=steps,
            way_back=way_back,
            rolls_back=rolls_back,
            phrase=f"{self._domain} {account[-4:]}" if self._profile.kind == "prod" else self._domain,
            subject={**subject, "selector": desired["selector"] or "", "public_sha256": sha256, **risk.subject},
            made_at=now,
            expires_at=now + PLAN_LASTS,
        )

    def _reach(self) -> str:
        services = [visible(service) for service in self._scope.get("services") or ()]
        mail = self._scope.get("mail_per_hour")
        named = f"{len(services)} services ({', '.join(services)})" if services else "no services listed"
        rate = f"{mail} mail/h" if mail is not None else "mail per hour not known"
        return f"1 domain, {named}, {rate}; {_WINDOW}"

    def _steps(
        self, before: dict[str, Any], sha256: str, former_sha256: str
    ) -> tuple[tuple[PlanStep, ...], tuple[PlanStep, ...]]:
        """The steps forward and, beside each, the one that takes it back."""
        signed = {**signed_with(self._selector), "signing": before["signing"]}
        steps = [self._signing_step(before, signed, sha256)]
        back = [self._signing_step(signed, before, former_sha256)]
        if not before["signing"]:
            steps.append(self._enable_step(signed, signed_with(self._selector)))
            back.append(self._enable_step(signed_with(self._selector), signed))
        return tuple(steps), tuple(back)

    def _signing_step(self, before: dict[str, Any], after: dict[str, Any], sha256: str) -> PlanStep:
        request = {"EmailIdentity": self._domain, "SigningAttributesOrigin": after["origin"]}
        if after["origin"] == OWN:
            request |= {"DomainSigningSelector": after["selector"] or "", "public_sha256": sha256}
        return PlanStep(_SIGNING, f"let SES sign with {in_words(after)}", before, after, request)

    def _enable_step(self, before: dict[str, Any], after: dict[str, Any]) -> PlanStep:
        request = {"EmailIdentity": self._domain, "SigningEnabled": after["signing"]}
        return PlanStep(_ENABLE, f"turn DKIM signing {'on' if after['signing'] else 'off'}", before, after, request)

    # What has to be true before anything is sent

    def _txt(self, selector: str) -> Published:
        return self._look_up(self._profile, self._domain, [(f"{selector}._domainkey.{self._domain}", "TXT")])[0]

    def _require_published(self, published: Published) -> None:
        if not published.authoritative:
            raise PlanRefused(
                DNS_TXT_NOT_READY,
                f"{published.name} cannot be looked up at its source: {published.trouble or 'no name server'}.",
            )
        for answer in published.authoritative:
            if not answer.heard:
                raise PlanRefused(
                    DNS_TXT_NOT_READY,
                    f"{answer.server.name} does not answer ({answer.status}), so it is not known whether it has"
                    f" {published.name}.",
                )
            if answer.status != "answer":
                raise PlanRefused(
                    DNS_TXT_NOT_READY,
                    f"DNS TXT record for {published.name} is not yet available: {answer.server.name} does not have"
                    f" it ({answer.status}). Publish it, or wait until every name server has it.",
                )

    def _require_pair(self, published: Published, sha256: str) -> None:
        for answer in published.authoritative:
            reason = difference(answer, sha256)
            if reason:
                raise PlanRefused(
                    DNS_TXT_NOT_READY,
                    f"{published.name} at {answer.server.name} does not fit the key in S3: {reason}"
                    f" (ours has {sha256[:16]}).",
                )

    def _identity(self, purpose: str = "plan") -> Mapping[str, Any]:
        answer: Mapping[str, Any] = reading(
            f"how {self._domain} is set up in SES",
            lambda: self._clients.reader("sesv2", purpose).get_email_identity(EmailIdentity=self._domain),
        )
        return answer

    def _way_back(self, former: Mapping[str, Any], zone: str) -> _WayBack:
        """Whether the former signing can be restored exactly, and the proof that it can."""
        if former["origin"] == EASY:
            return self._back_to_easy(former, zone)
        selector = former["selector"]
        if former["origin"] != OWN or not selector:
            return _WayBack(False, "cannot be undone: what SES signs with now could not be set again.")
        try:
            key = self._keys.public(selector)
        except PlanRefused:
            return _WayBack(False, f"cannot be undone: the key of the former selector {selector} is not in S3.")
        published = self._txt(selector)
        if not published.authoritative or any(difference(each, key.sha256) for each in published.authoritative):
            return _WayBack(
                False, f"cannot be undone: the former selector {selector} is not published with our key."
            )
        proof = f"the former key is in S3 and published (fingerprint {key.fingerprint})"
        return _WayBack(True, f"yes: back to selector {selector} with the same key", (proof,), key.sha256)

    def _back_to_easy(self, former: Mapping[str, Any], zone: str) -> _WayBack:
        tokens = former["tokens"]
        names = [(f"{token}._domainkey.{self._domain}", "CNAME") for token in tokens]
        seen = self._look_up(self._profile, self._domain, names) if names else []
        there = sum(points_to(each, f"{token}.{zone}") for each, token in zip(seen, tokens, strict=True))
        still = f"{there} of {len(tokens)} records published"
        return _WayBack(True, f"yes: back to Easy DKIM with the same {len(tokens)} tokens ({still})")

    # Applying

    def identify(self) -> None:
        """Ask STS who is calling; raises ReadOnly, or WrongIdentity unless it is the pinned account."""
        self._clients.require_changes()
        self._clients.caller()

    def read(self, plan: Plan) -> State:
        """Origin, selector, tokens and signing switch as SES tells them now."""
        return state_of(self._identity())

    def send(self, plan: Plan, step: PlanStep) -> str:
        """Send one change in one attempt."""
        self._clients.require_caller(plan.account, plan.region, plan.caller)
        asked = step.request
        if step.operation == _ENABLE:
            parameters = {"EmailIdentity": self._domain, "SigningEnabled": asked["SigningEnabled"]}
            outcome = self._put(_ENABLE, parameters)
        elif asked["SigningAttributesOrigin"] == EASY:
            parameters = {"EmailIdentity": self._domain, "SigningAttributesOrigin": EASY}
            outcome = self._put(_SIGNING, parameters)
        else:
            send = partial(self._put_key, asked["DomainSigningSelector"])
            outcome = self._keys.hand_over(asked["DomainSigningSelector"], asked["public_sha256"], send)
        if isinstance(outcome, EffectRefused) and outcome.code != "CERTIFICATE_NOT_FOUND":
            raise EffectRefused(
                SES_UPDATE_FAILED, f"{outcome} Check the IAM permissions and the identity's settings in SES."
            )
        if outcome is not None:
            raise outcome
        return f"SES accepted it: {step.says}"

    def _put_key(self, selector: str, key: str) -> EffectRefused | EffectUnknown | None:
        signing = {"DomainSigningSelector": selector, "DomainSigningPrivateKey": key}
        return self._put(
            _SIGNING,
            {"EmailIdentity": self._domain, "SigningAttributesOrigin": OWN, "SigningAttributes": signing},
        )

    def _put(self, operation: str, parameters: dict[str, Any]) -> EffectRefused | EffectUnknown | None:
        client = self._clients.changer("sesv2", (_SIGNING, _ENABLE))
        calls = {
            _SIGNING: client.put_email_identity_dkim_signing_attributes,
            _ENABLE: client.put_email_identity_dkim_attributes,
        }
        return sent(f"{operation} for {self._domain}", lambda: calls[operation](**parameters))

    # Proving

    def verify(self, plan: Plan) -> Verification:
        """Ask SES with a fresh client and the authoritative servers once more; both have to agree."""
        identity = self._identity("verify")
        live, status = state_of(identity), status_of(identity)
        seen = {"status": status, "origin": live["origin"], "selector": live["selector"]}
        if agrees(live, plan.desired) is False:
            return Verification(
                Outcome.FAILED, f"SES says {in_words(live)}, which is not what was asked for.", seen
            )
        if not plan.subject["wanted_status"]:
            return Verification(Outcome.DONE, f"The former signing is set again; SES says {status}.", seen)
        if status in ("FAILED", "NOT_STARTED"):
            return Verification(Outcome.FAILED, f"SES says DKIM {status} for {in_words(live)}.", seen)
        if status != "SUCCESS":
            return Verification(Outcome.WAITING, f"SES says {status}: it has not seen the key in DNS yet.", seen)
        if plan.desired["origin"] != OWN:
            return Verification(Outcome.DONE, "SES says SUCCESS.", seen)
        return self._verified_in_dns(plan, seen)

    def _verified_in_dns(self, plan: Plan, seen: dict[str, Any]) -> Verification:
        published = self._txt(plan.subject["selector"])
        sha256 = plan.subject["public_sha256"]
        held, servers, _, _ = published.agreeing(lambda answer: not difference(answer, sha256))
        count = f"{held} of {servers} name servers hold the key"
        if not servers or held < servers:
            return Verification(Outcome.WAITING, f"SES says SUCCESS, but {count}.", seen)
        return Verification(Outcome.DONE, f"SES says SUCCESS, and {count}.", seen)

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """The result record of the BYODKIM phase-7 procedure."""
        return {
            "statusCode": 200,
            "message": plan.subject["message"],
            "domain": self._domain,
            "selector": plan.desired["selector"] or "",
            "final_dkim_status": verification.seen.get("status", ""),
            "signing_origin": verification.seen.get("origin", ""),
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
            "automation_type": "incident_cockpit",
        }

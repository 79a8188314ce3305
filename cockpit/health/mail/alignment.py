"""mail.alignment: will the mail that SES sends now be refused? DMARC policy, DKIM and MAIL FROM taken together.

DMARC passes when DKIM or SPF passes for a domain that is aligned with the author's. Each of the three can look
bearable by itself while together they stop all mail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cockpit.health.mail.dmarc_record import Policy
from cockpit.health.mail.dmarc_walk import Discovery
from cockpit.health.mail.mail_from import MailFrom
from cockpit.health.mail.names import same
from cockpit.health.mail.notes import Note, decide, note
from cockpit.health.mail.text_record import txt_record
from cockpit.health.model import Observation, Verdict

CHECK = "mail.alignment"
LABEL = "Alignment"
KIND = "mail-refused"


class Leg(StrEnum):
    """How one of the two ways to pass DMARC stands. `DOUBTFUL` may or may not carry mail at this moment."""

    HOLDS = "holds"
    DOUBTFUL = "doubtful"
    BROKEN = "broken"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class State:
    """One leg with the reason in words."""

    leg: Leg
    why: str


@dataclass(frozen=True, slots=True)
class Flow:
    """How much mail is at stake. None is not known; `bounce_fraction` is the account's over the last hour."""

    mail_per_hour: int | None = None
    account_mail_last_hour: float | None = None
    bounce_fraction: float | None = None

    @property
    def sentence(self) -> str:
        """The rate as a sentence with a leading space; empty when nothing is known."""
        parts = []
        if self.mail_per_hour:
            parts.append(f"About {self.mail_per_hour:,} mails an hour are at stake.")
        elif self.account_mail_last_hour:
            parts.append(f"The account sent {self.account_mail_last_hour:,.0f} mails in the last hour.")
        if self.bounce_fraction is not None:
            parts.append(f"The account's bounce rate of the last hour is {self.bounce_fraction * 100:.2f} %.")
        return "".join(f" {part}" for part in parts)


def dkim_state(identity: Mapping[str, Any], records: Mapping[str, Any] | None, verdict: Verdict | None) -> State:
    """How DKIM stands: what SES says it does, and whether receivers can verify it now.

    `records` is the evidence of the check mail.dkim (`missing`, `expected`) and `verdict` its decision. SES signs
    with the identity's own domain, which is always aligned.
    """
    status = str(identity.get("dkim_status") or "")
    if not identity.get("signing_enabled"):
        return State(Leg.BROKEN, "SES does not sign: DKIM signing is off")
    if status != "SUCCESS":
        return State(Leg.BROKEN, f"DKIM is {status or 'not set up'}, so mail may go out unsigned")
    if verdict is Verdict.FAIL:
        missing, expected = _names(records, "missing"), _names(records, "expected")
        if missing and len(missing) < len(expected):
            return State(Leg.DOUBTFUL, f"{len(missing)} of {len(expected)} DKIM records are gone or wrong")
        return State(Leg.BROKEN, "SES signs, and receivers do not find the key")
    return State(Leg.HOLDS, "DKIM is SUCCESS")


def _names(records: Mapping[str, Any] | None, key: str) -> Sequence[Any]:
    value = (records or {}).get(key, ())
    return value if isinstance(value, list | tuple) else ()


def mail_from_state(
    domain: str, mail_from: MailFrom | None, organizational: tuple[str, str], aspf: str, author_belongs: str
) -> State:
    """How MAIL FROM stands; `organizational` is that of its domain, with why it is not certain."""
    if mail_from is None:
        return State(Leg.BROKEN, "MAIL FROM is under amazonses.com, which is never aligned")
    if mail_from.status != "SUCCESS":
        return State(Leg.BROKEN, f"MAIL FROM {mail_from.domain} is {mail_from.status or 'not set up'} at SES")
    if mail_from.passes is None:
        return State(Leg.UNSEEN, f"the SPF record of {mail_from.domain} cannot be looked up")
    if not mail_from.passes:
        return State(Leg.BROKEN, f"SPF does not pass for MAIL FROM {mail_from.domain}")
    if aspf == "s":
        if same(mail_from.domain, domain):
            return State(Leg.HOLDS, f"MAIL FROM {mail_from.domain} is aligned")
        return State(Leg.BROKEN, f"aspf=s wants MAIL FROM to be {domain} itself, and it is {mail_from.domain}")
    belongs, unseen = organizational
    if unseen:
        return State(Leg.UNSEEN, unseen)
    if same(belongs, author_belongs):
        return State(Leg.HOLDS, f"MAIL FROM {mail_from.domain} is aligned")
    return State(Leg.BROKEN, f"MAIL FROM {mail_from.domain} belongs to {belongs}, not to {author_belongs}")


def judge_alignment(
    discovery: Discovery, dkim: State, spf: State, flow: Flow, at: datetime, *, took: timedelta = timedelta()
) -> Observation:
    """The decision: FAIL when mail is refused or sorted out, by what the policy says about mail that fails."""
    evidence = {
        "kind": KIND,
        "policy": "" if discovery.policy is None else str(discovery.policy),
        "dkim": str(dkim.leg),
        "dkim_why": dkim.why,
        "mail_from": str(spf.leg),
        "mail_from_why": spf.why,
        "mail_per_hour": flow.mail_per_hour,
        "bounce_fraction": flow.bounce_fraction,
    }
    notes: list[Note] = []
    legs = (dkim.leg, spf.leg)
    if Leg.HOLDS in legs:
        fine = "DMARC passes by DKIM and by MAIL FROM"
        if legs != (Leg.HOLDS, Leg.HOLDS):
            notes.append(_one_leg(dkim, spf))
    elif discovery.unseen:
        fine = ""
        notes.append(Note(Verdict.UNKNOWN, "not-seen", f"neither DKIM nor MAIL FROM holds; {discovery.unseen}"))
    elif legs == (Leg.BROKEN, Leg.BROKEN):
        fine = ""
        notes.append(_neither(discovery, dkim, spf, flow))
        evidence["critical"] = discovery.policy is Policy.REJECT
    else:
        fine = ""
        notes.append(_doubtful(discovery, dkim, spf, flow))
    return decide(discovery.author, CHECK, LABEL, notes, fine, at, took=took, evidence=evidence)


def _one_leg(dkim: State, spf: State) -> Note:
    if dkim.leg is Leg.HOLDS:
        return Note(Verdict.INFO, "dkim-alone", f"DMARC passes by DKIM alone; {spf.why}")
    return Note(
        Verdict.INFO, "mail-from-alone", f"DMARC passes by MAIL FROM alone, forwarded mail fails; {dkim.why}"
    )


def _doubtful(discovery: Discovery, dkim: State, spf: State, flow: Flow) -> Note:
    now = f"{dkim.why}; {spf.why}. DMARC policy {discovery.policy or 'none'}.{flow.sentence}"
    if Leg.UNSEEN in (dkim.leg, spf.leg):
        return Note(Verdict.UNKNOWN, "not-seen", f"{dkim.why}; {spf.why}")
    return note(
        Verdict.WARN,
        "at-risk",
        f"mail hangs on DKIM alone, and {dkim.why}",
        now,
        "DKIM with all of its records, or an aligned MAIL FROM beside it.",
        "Mend the records of the check DKIM records now, before SES notices and stops signing.",
    )


_EFFECTS: Mapping[Policy | None, tuple[Verdict, str, str]] = {
    Policy.REJECT: (Verdict.FAIL, "refused", "mail will be refused"),
    Policy.QUARANTINE: (Verdict.FAIL, "spam", "mail will be sorted out as spam"),
    Policy.NONE: (Verdict.WARN, "fails", "mail fails DMARC, and big receivers may refuse it"),
    None: (Verdict.INFO, "unproven", "nothing proves that mail is ours"),
}


def _neither(discovery: Discovery, dkim: State, spf: State, flow: Flow) -> Note:
    """Case 64: nothing that SES sends for this domain passes DMARC."""
    verdict, code, effect = _EFFECTS[discovery.policy]
    asked = f"DMARC policy {discovery.policy}" if discovery.policy else "there is no DMARC policy"
    return note(
        verdict,
        code,
        f"{effect}: {asked}, {dkim.why}; {spf.why}",
        f"{dkim.why}. {spf.why}. With {asked} receivers do as it says: {effect}.{flow.sentence}",
        "DKIM SUCCESS, or MAIL FROM aligned and SUCCESS; best both.",
        "Mend DKIM first (see the check DKIM records). Until it holds, stop bulk mail; as the last resort publish "
        "the milder policy below for as long as the repair takes, and put the old one back.",
        _milder(discovery),
    )


def _milder(discovery: Discovery) -> str | None:
    """The record that applies with p=none, as long as it is the author's own and has another policy."""
    if discovery.record is None or discovery.policy in (None, Policy.NONE) or discovery.source != discovery.author:
        return None
    parts = [part.strip() for part in discovery.record.text.split(";") if part.strip()]
    text = "; ".join("p=none" if part.lower().replace(" ", "").startswith("p=") else part for part in parts)
    return txt_record(f"_dmarc.{discovery.source}", text)


def not_applicable(target: str, at: datetime, headline: str, verdict: Verdict = Verdict.NA) -> Observation:
    """The decision for a domain that SES does not send for, or whose identity could not be asked."""
    return decide(target, CHECK, LABEL, [], headline, at, evidence={"kind": KIND}, otherwise=verdict)

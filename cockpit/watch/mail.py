"""The looks at a domain's mail: its records, and whether they and SES together let mail through."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import structs

from cockpit.config import DomainConfig
from cockpit.health.mail import alignment, mail_from, matrix, mta_sts
from cockpit.health.mail.alignment import Flow, dkim_state, judge_alignment, mail_from_state
from cockpit.health.mail.amazonses import judge_amazonses
from cockpit.health.mail.asking import Asker, Notebook
from cockpit.health.mail.dmarc import look_dmarc
from cockpit.health.mail.dmarc_walk import Discovery, discover, organizational
from cockpit.health.mail.mail_from import MailFrom, judge_mail_from, no_mail_from, read_mail_from
from cockpit.health.mail.mta_sts import Earlier, judge_mta_sts, record_id
from cockpit.health.mail.mx import Exchange, judge_mx, read_exchange
from cockpit.health.mail.spf import look_spf
from cockpit.health.mail.tls_rpt import judge_tls_rpt
from cockpit.health.model import DECISION, Observation, Reading, Verdict
from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.records import Question, read_records
from cockpit.probes.names.resolving import Resolving
from cockpit.probes.names.transport import Transport
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.web.policy_file import read_policy_file
from cockpit.profile import Profile
from cockpit.watch.doubt import Doubt


class Sending(msgspec.Struct, frozen=True):
    """What is known of how a domain sends: SES's word on its identity, or why there is none (`refusal`)."""

    domain: DomainConfig
    identity: Mapping[str, Any] | None
    refusal: str = ""


class Published(msgspec.Struct, frozen=True):
    """What DNS had to say about alignment: the DMARC that applies, MAIL FROM, and whom its domain belongs to."""

    discovery: Discovery
    mail_from: MailFrom | None
    belongs: tuple[str, str]


class MailLooks:
    """Looks at mail, and remembers what one look has to tell another."""

    def __init__(
        self, profile: Profile, trust: Trust, transport: Transport | None = None, doubt: Doubt | None = None
    ) -> None:
        """`transport` carries the many questions; what it brings and `doubt` finds surprising is asked anew."""
        self._profile = profile
        self._trust = trust
        self._transport = transport
        self._doubt = doubt or Doubt()
        self._delegations = Delegations(profile, transport=transport)
        self._asker: Asker = Resolving(profile, transport=transport)
        self._published: dict[str, Published] = {}
        self._policies: dict[str, Earlier] = {}
        self._dkim: dict[str, tuple[Verdict, Mapping[str, Any]]] = {}
        self._rates: Mapping[str, Any] = {}

    def learn(self, seen: Observation) -> None:
        """Take in a decision of another look, or of an earlier run: DKIM records, bounce rate, MTA-STS policy."""
        if seen.vantage != DECISION:
            return
        if seen.check == "mail.dkim":
            self._dkim[seen.target] = (seen.verdict, seen.evidence)
        elif seen.check == "ses.bounce":
            self._rates = seen.evidence
        elif seen.check == mta_sts.CHECK and seen.evidence.get("digest"):
            found = Earlier(str(seen.evidence.get("id", "")), str(seen.evidence["digest"]))
            known = self._policies.get(seen.target)
            if known is None or known.id != found.id:
                # Under one id the first policy is the one that senders keep.
                self._policies[seen.target] = found

    async def records(self, sending: Sending, at: datetime) -> list[Observation]:
        """Everything that a domain publishes about mail, and how each server sees it."""
        found = await self._records(sending, at, self._transport)
        if self._transport is not None and self._doubt.overturns(found):
            return await self._records(sending, at, None)
        return found

    async def _records(self, sending: Sending, at: datetime, transport: Transport | None) -> list[Observation]:
        started = time.monotonic()
        target = sending.domain.name
        notebook = Notebook(self._asker if transport is self._transport else Resolving(self._profile))
        exchange = await read_exchange(notebook, target)
        sends = sending.domain.identity or bool(exchange.hosts)
        seen = await asyncio.gather(
            look_spf(notebook, target, at, sends=sends),
            look_dmarc(notebook, target, at, sends=sends),
            self._mail_from(notebook, sending, at),
            self._mta_sts(notebook, exchange, at),
            self._single(notebook, sending, at),
        )
        published = await self._publishes(notebook, sending)
        found = [judge_mx(exchange, at), *seen[:4], *seen[4]]
        sender = published.mail_from.domain if published.mail_from is not None else ""
        found = await self._server_by_server(target, sender, found, at, transport)
        took = timedelta(seconds=time.monotonic() - started)
        return [structs.replace(each, took=took) for each in found]

    async def _server_by_server(
        self, target: str, sender: str, decisions: list[Observation], at: datetime, transport: Transport | None
    ) -> list[Observation]:
        """Each record at each name server, and at each resolver if it is there at all."""
        wanted = matrix.questions(target, sender)
        every = list(dict.fromkeys(question for questions in wanted.values() for question in questions))

        async def read(role: str, questions: list[Question]) -> list[Reading]:
            return await read_records(
                self._profile, self._delegations, target, "mail", {role: questions}, at=at, transport=transport
            )

        source = await read(AUTHORITATIVE, every)
        there = matrix.present(source)
        caches = await read(RESOLVER, there) if there else []
        return matrix.with_matrix(decisions, wanted, [*source, *caches], at)

    async def alignment(self, sending: Sending, at: datetime) -> Observation:
        """Whether what SES sends for a domain passes DMARC, and what becomes of it if not."""
        target, identity = sending.domain.name, sending.identity
        if not sending.domain.identity:
            return alignment.not_applicable(target, at, "SES sends nothing for this domain")
        if identity is None or not names_mail_from(identity):
            said = f"SES has not said how it sends ({sending.refusal or 'not asked'})"
            return alignment.not_applicable(target, at, said, Verdict.UNKNOWN)
        known = self._published.get(target)
        if known is None or unsuited(known.mail_from, identity):
            known = await self._publishes(Notebook(self._asker), sending)
        records = known.mail_from
        if records is not None:
            records = replace(records, status=str(identity.get("mail_from_status") or ""))
        verdict, dkim = self._dkim.get(target, (None, None))
        record = known.discovery.record
        return judge_alignment(
            known.discovery,
            dkim_state(identity, dkim, verdict),
            mail_from_state(
                target, records, known.belongs, record.aspf if record else "r", known.discovery.organizational
            ),
            self._flow(sending.domain),
            at,
        )

    async def _publishes(self, asker: Asker, sending: Sending) -> Published:
        """What DNS says for the question of alignment; kept until the next look at the records."""
        target = sending.domain.name
        discovery, records = await asyncio.gather(
            discover(asker, target),
            read_mail_from(asker, target, sending.identity, self._profile.aws.region),
        )
        belongs = await organizational(asker, records.domain) if records is not None else ("", "")
        found = self._published[target] = Published(discovery, records, belongs)
        return found

    def _flow(self, domain: DomainConfig) -> Flow:
        bounces = self._rates.get("windowed")
        mails = self._rates.get("mail_last_hour")
        return Flow(
            domain.mail_per_hour,
            None if mails is None else float(mails),
            None if bounces is None else float(bounces),
        )

    async def _mail_from(self, asker: Asker, sending: Sending, at: datetime) -> Observation:
        target = sending.domain.name
        if sending.domain.identity and not names_mail_from(sending.identity):
            said = f"SES has not said which MAIL FROM it uses ({sending.refusal or 'not asked'})"
            return mail_from.not_known(target, at, said)
        records = await read_mail_from(asker, target, sending.identity, self._profile.aws.region)
        if records is None:
            return no_mail_from(target, at, identity=sending.domain.identity)
        return judge_mail_from(records, at)

    async def _mta_sts(self, asker: Asker, exchange: Exchange, at: datetime) -> Observation:
        told = await asker.ask(f"_mta-sts.{exchange.domain}", "TXT")
        found, _ = record_id(told)
        policy = await read_policy_file(self._profile, self._trust, exchange.domain) if found else None
        earlier = self._policies.get(exchange.domain)
        return judge_mta_sts(exchange.domain, told, policy, exchange.hosts, at, earlier=earlier)

    async def _single(self, asker: Asker, sending: Sending, at: datetime) -> list[Observation]:
        """The checks that are one question each."""
        target = sending.domain.name
        reports, token = await asyncio.gather(
            asker.ask(f"_smtp._tls.{target}", "TXT"), asker.ask(f"_amazonses.{target}", "TXT")
        )
        return [judge_tls_rpt(target, reports, at), judge_amazonses(target, token, sending.identity, at)]


def names_mail_from(identity: Mapping[str, Any] | None) -> bool:
    """Whether SES has said of an identity which MAIL FROM it uses; an empty one is its own."""
    return identity is not None and "mail_from" in identity


def unsuited(records: MailFrom | None, identity: Mapping[str, Any]) -> bool:
    """Whether SES now uses another MAIL FROM domain than the one whose records were read."""
    return (records.domain if records is not None else "") != str(identity.get("mail_from") or "").lower()

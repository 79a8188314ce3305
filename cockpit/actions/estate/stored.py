"""What lies in S3 of the keys and their DNS information, and whether the one fits what is published."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cockpit.actions.aws import AwsClients, reading
from cockpit.actions.contract import PlanRefused
from cockpit.actions.dns.published import LookUp, look_up
from cockpit.actions.ses.dkim_keys import DkimKeys
from cockpit.actions.ses.dkim_published import difference
from cockpit.config.settings import ByodkimConfig
from cockpit.errors import Refused, WorldError
from cockpit.profile import Profile
from cockpit.ses.estate.board import KeyLine, Readiness
from cockpit.text import visible

_FILE = "private_key.pem"


class Estate:
    """The keys of one account's bucket."""

    def __init__(
        self, clients: AwsClients, profile: Profile, where: ByodkimConfig, *, look_up: LookUp = look_up
    ) -> None:
        if not where.bucket:
            raise Refused("It is not configured where the DKIM keys lie: set byodkim.bucket.")
        self.clients = clients
        self._profile = profile
        self._where = where
        self._look_up = look_up

    def keys(self, domain: str = "") -> list[KeyLine]:
        """Every stored key, or those of one domain; raises WorldError when the bucket cannot be read."""
        recorded = set(self._recorded(domain))
        prefix = f"{self._where.key_prefix.strip('/')}/"
        found = []
        for item in self._listed(f"{prefix}{domain}/" if domain else prefix):
            parts = str(item["Key"]).removeprefix(prefix).split("/")
            if len(parts) != 3 or parts[2] != _FILE:
                continue
            owner, selector = visible(parts[0], limit=253), visible(parts[1], limit=63)
            found.append(
                KeyLine(
                    domain=owner,
                    selector=selector,
                    place=f"s3://{self._where.bucket}/{visible(item['Key'], limit=500)}",
                    made_at=_utc(item["LastModified"]),
                    size=int(item["Size"]),
                    recorded=owner in recorded,
                )
            )
        return found

    def readiness(self, domain: str, selector: str) -> Readiness:
        """Whether phase 7 may begin, and what SES does now; never raises for what the world does."""
        name = f"{selector}._domainkey.{domain}"
        stored: bool | None = True
        published: bool | None = None
        said = ""
        try:
            key = self._dkim_keys(domain).public(selector)
            seen = self._look_up(self._profile, domain, [(name, "TXT")])[0]
            wrong = [difference(answer, key.sha256) for answer in seen.authoritative]
            heard = [answer for answer in seen.authoritative if answer.heard]
            published = (not any(wrong)) if heard else None
            fits = sum(not each for each in wrong)
            said = (
                seen.trouble or next(filter(None, wrong), "") or f"it fits at {fits} of {len(wrong)} name servers"
            )
        except PlanRefused as error:
            stored, said = False, str(error)
        except WorldError as error:
            stored, said = None, str(error)
        status, origin = self._signing(domain)
        return Readiness(
            stored=stored, recorded=self._has_records(domain), published=published, said=said,
            dkim_status=status, origin=origin,
        )  # fmt: skip

    def _signing(self, domain: str) -> tuple[str, str]:
        """How SES signs it now; empty where that could not be asked."""
        client = self.clients.reader("sesv2")
        try:
            seen = reading("how the domain is signed", lambda: client.get_email_identity(EmailIdentity=domain))
        except WorldError:
            return "", ""
        dkim = seen.get("DkimAttributes", {})
        return visible(dkim.get("Status", "")), visible(dkim.get("SigningAttributesOrigin", ""))

    def _has_records(self, domain: str) -> bool | None:
        try:
            return domain in self._recorded(domain)
        except WorldError:
            return None

    def _recorded(self, domain: str) -> Iterator[str]:
        """The domains for which DNS information is stored."""
        prefix = f"{self._where.records_prefix.strip('/')}/"
        for item in self._listed(f"{prefix}{domain}/" if domain else prefix):
            yield str(item["Key"]).removeprefix(prefix).partition("/")[0]

    def _listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        client = self.clients.reader("s3")
        more: dict[str, Any] = {}
        while True:
            asked = {"Bucket": self._where.bucket, "Prefix": prefix, **more}
            page = reading("what is stored", lambda: client.list_objects_v2(**asked))  # noqa: B023
            yield from page.get("Contents", ())
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _dkim_keys(self, domain: str) -> DkimKeys:
        scope = {
            "bucket": self._where.bucket,
            "key_prefix": self._where.key_prefix,
            "records_prefix": self._where.records_prefix,
        }
        return DkimKeys(self.clients, scope, domain)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)

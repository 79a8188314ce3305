"""A zone in Google Cloud DNS, over its REST interface (dns/v1): changes.create with additions and deletions.

Deletions have to match what is there, values and TTL, and a change is made whole or not at all, so a record that
somebody changed meanwhile is not overwritten.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from cockpit.actions.contract import EffectRefused, EffectUnknown
from cockpit.actions.dns.providers.provider import Whereabouts, refuse_alien
from cockpit.actions.dns.record_state import MADE_BY_SIGNING, Change, Key, Records, canonical
from cockpit.actions.fence import Fence, at_first_byte, unfenced
from cockpit.config.dns_zone import DnsZone
from cockpit.errors import BadInput, ConfigError, ReadOnly, WorldError, WrongIdentity
from cockpit.health.zone_copy import RecordSet
from cockpit.profile import Profile
from cockpit.secrets import resolve
from cockpit.text import redact, visible

MOST = 100
TIMEOUT = httpx.Timeout(5.0, connect=2.0)
MOST_PAGES = 200

_PROOF_OF_NO_EFFECT = frozenset({400, 401, 403, 404, 405, 409, 412, 413, 429})
_SOA_OR_NS = ("SOA", "NS")


class CloudDnsZone:
    """One managed zone of one project. `read_only` refuses every change before a connection is made.

    `fence` is asked when the connection stands, right before a change leaves.
    """

    name = "Cloud DNS"
    operation = "changes.create"
    most = MOST

    def __init__(
        self, profile: Profile, zone: DnsZone, *, read_only: bool = False, fence: Fence = unfenced
    ) -> None:
        self.zone = zone.plain
        self._profile = profile
        self._told = zone
        self._read_only = read_only
        self._fence = fence
        self._change_id = ""
        if not zone.project or not zone.managed_zone or zone.key is None:
            raise ConfigError(f"dns_zones: {zone.plain} needs project, managed_zone and key for Cloud DNS.")
        self._path = (
            f"/dns/v1/projects/{quote(zone.project, safe='')}/managedZones/{quote(zone.managed_zone, safe='')}"
        )

    def whereabouts(self) -> Whereabouts:
        """The project and the managed zone; raises WrongIdentity when that zone has another name."""
        told = self._get(self._path)
        name = visible(told.get("dnsName", "")).rstrip(".").lower()
        if name != self.zone:
            raise WrongIdentity(f"{self._told.managed_zone} in {self._told.project} is {name}, not {self.zone}.")
        return Whereabouts(self._told.project, self._told.managed_zone, str(self._told.key))

    def require_changes(self) -> None:
        """Raise ReadOnly when nothing may be changed from here."""
        if self._read_only:
            raise ReadOnly("This cockpit is read-only: nothing is changed from here.")

    def records(self, keys: Sequence[Key]) -> Records:
        """These record sets (resourceRecordSets.list by name and type); raises WorldError."""
        return {key: self._one(key) for key in keys}

    def everything(self) -> Records:
        """Every record set of the zone (resourceRecordSets.list)."""
        return {key: record for key, record in self._listed({}) if key[1] not in MADE_BY_SIGNING}

    def notes(self) -> Sequence[str]:
        """Nothing is left out."""
        return ()

    def request(self, changes: Sequence[Change]) -> dict[str, Any]:
        """The body of changes.create."""
        gone = [_written(change.was) for change in changes if change.was is not None]
        there = [_written(change.will) for change in changes if change.will is not None]
        return {"path": f"{self._path}/changes", "deletions": gone, "additions": there}

    def send(self, changes: Sequence[Change]) -> str:
        """One changes.create; raises EffectRefused or EffectUnknown."""
        self.require_changes()
        refuse_alien(changes, self.zone)
        body = {name: part for name, part in self.request(changes).items() if name != "path"}
        answer = self._post(f"{self._path}/changes", body)
        self._change_id = visible(answer.get("id", ""), limit=60)
        return f"Cloud DNS accepted {len(changes)} changes (change {self._change_id})"

    def settled(self) -> str:
        """Whether Cloud DNS says done of the last change (changes.get)."""
        if not self._change_id:
            return ""
        status = visible(self._get(f"{self._path}/changes/{quote(self._change_id)}").get("status", ""), limit=20)
        return "" if status == "done" else f"Cloud DNS says {status}"

    def _one(self, key: Key) -> RecordSet | None:
        return next(
            (one for found, one in self._listed({"name": f"{key[0]}.", "type": key[1]}) if found == key), None
        )

    def _listed(self, narrow: Mapping[str, str]) -> list[tuple[Key, RecordSet]]:
        found, page = [], dict(narrow)
        for _ in range(MOST_PAGES):
            answer = self._get(f"{self._path}/rrsets", page)
            found += [_read(each) for each in answer.get("rrsets", ()) if each.get("rrdatas")]
            if not answer.get("nextPageToken"):
                break
            page = {**narrow, "pageToken": answer["nextPageToken"]}
        return found

    def _client(self) -> httpx.Client:
        host = urlsplit(self._told.url).hostname or ""
        if self._profile.loopback_only and host not in ("127.0.0.1", "::1", "localhost"):
            raise ConfigError(f"{host} is outside the profile {self._profile.name!r}, which stays on this machine.")
        token = resolve(self._told.key or "", self._profile)
        return httpx.Client(
            base_url=self._told.url,
            headers={"Authorization": f"Bearer {token}", "User-Agent": "incident-cockpit"},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=not self._profile.loopback_only,
        )

    def _get(self, path: str, parameters: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        try:
            with self._client() as client:
                answer = client.get(path, params=dict(parameters or {}))
        except httpx.HTTPError as error:
            raise WorldError(f"Cloud DNS does not answer: {type(error).__name__}.") from None
        if answer.status_code != 200:
            raise WorldError(f"Cloud DNS answers {answer.status_code}: {_reason(answer)}")
        return _object(answer)

    def _post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._client() as client:
            try:
                answer = client.post(path, json=dict(body), extensions=at_first_byte(self._fence))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise EffectRefused(
                    "UNREACHABLE", f"Cloud DNS cannot be reached: {type(error).__name__}."
                ) from None
            except httpx.HTTPError as error:
                raise EffectUnknown(f"The change was sent, and no answer came: {type(error).__name__}.") from None
        if answer.status_code in _PROOF_OF_NO_EFFECT:
            code = "CHANGED_SINCE" if answer.status_code in (404, 409, 412) else f"HTTP_{answer.status_code}"
            raise EffectRefused(code, f"Cloud DNS refused the change: {answer.status_code}, {_reason(answer)}")
        if answer.status_code != 200:
            raise EffectUnknown(f"Cloud DNS answered HTTP {answer.status_code}.")
        return _object(answer)


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise WorldError("Cloud DNS answers something that is not JSON.")
    return told


def _reason(answer: httpx.Response) -> str:
    try:
        text = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        text = "no reason given"
    return redact(visible(text, limit=300)).rstrip(".") + "."


def _read(each: Mapping[str, Any]) -> tuple[Key, RecordSet]:
    key = visible(each["name"]).rstrip(".").lower(), visible(each["type"], limit=20)
    values = sorted(_standard(key[1], str(value)) for value in each["rrdatas"])
    return key, RecordSet(*key, int(each.get("ttl", 0)), tuple(values))


def _standard(rtype: str, value: str) -> str:
    try:
        return canonical(rtype, value)
    except BadInput:
        return visible(value, limit=70_000)


def _written(record: RecordSet) -> dict[str, Any]:
    return {"name": f"{record.name}.", "type": record.type, "ttl": record.ttl_s, "rrdatas": list(record.values)}

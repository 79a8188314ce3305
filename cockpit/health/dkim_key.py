"""A private DKIM key that we hold, against what is published: server by server, does the one fit the other."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cockpit.health.dkim_record import is_key_record
from cockpit.health.model import Reading, Verdict
from cockpit.health.servers import asked, role_of, trouble

FITS = "fits"
ABSENT = "absent"
REVOKED = "revoked"
SEVERAL = "several"
MALFORMED = "malformed"
OTHER = "other key"
ALIAS = "alias"
UNKNOWN = "unknown"


class KeySight(msgspec.Struct, frozen=True):
    """What one server publishes, beside the key: `state` is one of the words above, `said` tells it in a sentence.

    `ttl_s` is for how long a resolver may go on saying so.
    """

    server: str
    role: str
    state: str
    said: str
    ttl_s: int | None = None


class KeyComparison(msgspec.Struct, frozen=True):
    """All servers beside the key, and what they amount to."""

    name: str
    verdict: Verdict
    headline: str
    sights: tuple[KeySight, ...]


def compare_key(name: str, own: Mapping[str, Any], readings: Sequence[Reading]) -> KeyComparison:
    """Hold the facts of our own key (`kind`, `bits`, `sha256`) against what every server has at `name`."""
    sights = tuple(_sight(reading, name, own) for reading in readings)
    told = [sight for sight in sights if sight.state not in (UNKNOWN, ALIAS)]
    wrong = [sight for sight in told if sight.state != FITS]
    if not told:
        reason = sights[0].said if sights else "nobody was asked"
        return KeyComparison(name, Verdict.UNKNOWN, f"nobody says what is published: {reason}", sights)
    if not wrong:
        return KeyComparison(name, Verdict.OK, f"the key fits at {len(told)} of {len(sights)} servers", sights)
    first = wrong[0]
    whole = "anywhere" if first.state == ABSENT else "everywhere"
    where = whole if len(wrong) == len(told) else f"at {', '.join(sight.server for sight in wrong[:4])}"
    return KeyComparison(name, Verdict.FAIL, f"{first.said} {where}", sights)


def _sight(reading: Reading, name: str, own: Mapping[str, Any]) -> KeySight:
    role = role_of(reading)
    answer = next((each for each in asked(reading) if (each["name"], each["rtype"]) == (name, "TXT")), None)
    if answer is None:
        said = str(reading.seen.get("reason") or trouble(reading.failure or "timeout"))
        return KeySight(reading.vantage, role, UNKNOWN, said)
    state, said = _state(answer, own)
    return KeySight(reading.vantage, role, state, said, answer.get("ttl_s"))


def _state(answer: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[str, str]:
    status = str(answer["status"])
    if status in ("nxdomain", "nodata"):
        if answer.get("chain") and not answer.get("values"):
            return ALIAS, f"is an alias for {answer['chain'][-1]['target']}"
        return ABSENT, "no key is published"
    if status != "answer":
        return UNKNOWN, trouble(status)
    pairs = zip(answer.get("values") or (), answer.get("keys") or (), strict=False)
    keys = [facts for value, facts in pairs if is_key_record(str(value))]
    if not keys:
        return MALFORMED, "what is published is no DKIM key record"
    if len(keys) > 1:
        return SEVERAL, f"{len(keys)} keys are published, and there may be one"
    return _against(keys[0], own)


def _against(published: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[str, str]:
    if published.get("kind") == "revoked":
        return REVOKED, "the published key is revoked (p= is empty)"
    if published.get("error"):
        return MALFORMED, f"the published key cannot be read: {published['error']}"
    if published.get("sha256") == own["sha256"]:
        return FITS, "the key fits"
    if published.get("kind") != own["kind"]:
        return OTHER, f"a key of another kind is published ({published.get('kind')}, ours is {own['kind']})"
    return OTHER, f"another key is published ({published.get('bits')} bits, sha256 {str(published['sha256'])[:16]})"

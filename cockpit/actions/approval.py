"""A second person's approval of a plan: who has to give one, what is signed, and whether a signature is good.

An approver signs the run and the hash of its plan with an Ed25519 key of their own (RFC 8032), from a terminal of
their own. The signature is the proof, not the row that holds it: whoever can write the database cannot make one. An
approver without a terminal reads out a one-time code instead, of which only a salted hash is kept.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from cockpit.actions.contract import Plan, Request
from storage.event import Event

STREAM = "approvers"
"""The ledger stream with the public keys and the codes of those who may approve."""

SIGNATURE, CODE = "signature", "code"
CODES = 10
_SCRYPT = {"n": 2**13, "r": 8, "p": 1}


class Requirement(msgspec.Struct, frozen=True):
    """How many others have to approve, and why; none is the plan's risk being low enough.

    `by` has a group of persons for each approval: one of the group gives it. Anybody else may give one without a
    group, or with an empty one.
    """

    approvals: int = 0
    why: str = ""
    by: tuple[tuple[str, ...], ...] = ()

    def missing(self, given: Collection[str]) -> int:
        """How many approvals are missing when these people have approved."""
        groups = [*self.by, *([()] * self.approvals)][: self.approvals]
        return self.approvals - _filled(groups, frozenset(given))

    def wants(self, person: str, given: Collection[str]) -> bool:
        """Whether the approval of one more person counts."""
        return self.missing([*given, person]) < self.missing(given)


def _filled(groups: Sequence[tuple[str, ...]], people: frozenset[str]) -> int:
    """For how many groups there is a person, each counting once."""
    if not groups:
        return 0
    first, rest = groups[0], groups[1:]
    able = people if not first else people & set(first)
    return max([_filled(rest, people), *(1 + _filled(rest, people - {each}) for each in able)])


Require = Callable[[Plan, Request], Requirement]
"""The policy: how many approvals a plan needs."""


def by_risk(plan: Plan, request: Request) -> Requirement:
    """One other person for what is risky, wherever the configuration knows more than one."""
    others = [each for each in request.scope.get("people") or () if each]
    if plan.risk != "high":
        return Requirement()
    if len(others) < 2:
        return Requirement(0, "the configuration names nobody else who could approve")
    why = plan.subject.get("risk", "")
    return Requirement(1, f"the risk is high: {why}" if why else "the risk is high")


def by_policy(plan: Plan, request: Request) -> Requirement:
    """What the recovery decision matrices say where one of their rows is about the remedy, else by its risk.

    The ruling comes with the request (see `cockpit.incident.recovery`), from the desk that knows the incident.
    """
    recovery = request.scope.get("recovery")
    if not recovery:
        return by_risk(plan, request)
    groups = tuple(tuple(str(name) for name in group) for group in recovery["approvals"])
    return Requirement(len(groups), str(recovery["says"]), groups)


class Approval(msgspec.Struct, frozen=True):
    """One approval: by whom, how, and the proof: the signature, or the hash of the code that was used."""

    by: str
    method: str
    key: str
    proof: str


class Approvers(msgspec.Struct, frozen=True):
    """Public keys by operator and fingerprint, and each operator's code hashes with their salt."""

    keys: Mapping[str, Mapping[str, str]] = {}
    codes: Mapping[str, tuple[str, frozenset[str]]] = {}


def approvers(events: Iterable[Event]) -> Approvers:
    """Fold the stream of approvers; a key or code counts only when its owner added it."""
    keys: dict[str, dict[str, str]] = {}
    codes: dict[str, tuple[str, frozenset[str]]] = {}
    for event in events:
        own = keys.setdefault(event.actor, {})
        if event.kind == "approver.key_added":
            own[str(event.body["fingerprint"])] = str(event.body["public"])
        elif event.kind == "approver.key_removed":
            own.pop(str(event.body["fingerprint"]), None)
        elif event.kind == "approver.codes_made":
            codes[event.actor] = str(event.body["salt"]), frozenset(event.body["hashes"])
    return Approvers(keys, codes)


def code_of_plan(uid: str, plan_hash: str) -> str:
    """The short name of a plan that is read over the phone: eight letters and digits, `K7QF-2M9X`."""
    digest = hashlib.sha256(f"{uid} {plan_hash}".encode()).digest()
    text = base64.b32encode(digest).decode()[:8]
    return f"{text[:4]}-{text[4:]}"


def signed_text(uid: str, plan_hash: str, by: str) -> bytes:
    """What an approver signs."""
    return f"incident cockpit approval v1\n{uid}\n{plan_hash}\n{by}\n".encode()


def canonical_code(text: str) -> str:
    """A code as it was typed, in capitals and without the marks between its groups."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def code_hash(code: str, salt: str) -> str:
    """The hash of a one-time code (scrypt, RFC 7914), in hex."""
    return hashlib.scrypt(canonical_code(code).encode(), salt=bytes.fromhex(salt), **_SCRYPT).hex()


def trouble(uid: str, plan_hash: str, approval: Mapping[str, Any] | Approval, known: Approvers) -> str:
    """Why an approval does not count, in a sentence; empty when it does. Imports the cryptography library."""
    given = approval if isinstance(approval, Approval) else msgspec.convert(dict(approval), Approval)
    if given.method == CODE:
        _, hashes = known.codes.get(given.by, ("", frozenset[str]()))
        found = any(hmac.compare_digest(given.proof, each) for each in hashes)
        return "" if found else f"{given.by} has no such one-time code."
    public = known.keys.get(given.by, {}).get(given.key)
    if public is None:
        return f"The key {given.key} is not one of {given.by}'s."
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
        key.verify(base64.b64decode(given.proof), signed_text(uid, plan_hash, given.by))
    except (InvalidSignature, ValueError):
        return f"The signature of {given.by} is not over this plan."
    return ""

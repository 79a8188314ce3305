"""What an operator's approval rests on: a signature with their own key, or a one-time code that they read out.

The same proof counts for a plan and for a step of a runbook: each has a name and a hash of what is approved.
"""

from collections.abc import Callable, Collection
from pathlib import Path

from cockpit.actions.approval import CODE, SIGNATURE, STREAM, Approvers, approvers, code_hash
from cockpit.desk.feed import Feed, Pen
from cockpit.errors import BadInput, IllegalMove
from cockpit.text import visible

Proof = dict[str, str]
"""`by`, `method`, `key` and `proof` of an approval, as its event holds them."""


class Signatures:
    """Makes proofs for one operator; `keys` is the folder with their key, `spent` gives the codes already used."""

    def __init__(
        self,
        feed: Feed,
        operator: str,
        keys: Path | None = None,
        spent: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._feed = feed
        self._operator = operator
        self._keys = keys
        self._spent = spent

    def known(self) -> Approvers:
        """Whose keys and codes there are."""
        return approvers(self._feed.ledger.stream(STREAM))

    def sign(self, pen: Pen, name: str, digest: str) -> Proof:
        """Sign what is approved, and make the key known when it is new; raises IllegalMove without a key folder."""
        from cockpit.actions.operator_key import operator_key

        if self._keys is None:
            raise IllegalMove("It is signed from a terminal of one's own, with cockpit approve.")
        key = operator_key(self._keys, self._operator)
        if key.fingerprint not in self.known().keys.get(self._operator, {}):
            pen.append(STREAM, "approver.key_added", {"fingerprint": key.fingerprint, "public": key.public})
        return {
            "by": self._operator,
            "method": SIGNATURE,
            "key": key.fingerprint,
            "proof": key.sign(name, digest, self._operator),
        }

    def spoken(self, by: str, code: str) -> Proof:
        """The proof by the one-time code that `by` read out; raises BadInput for a wrong or used one."""
        salt, hashes = self.known().codes.get(by, ("", frozenset[str]()))
        told = code_hash(code, salt) if salt else ""
        if told not in hashes or told in self._spent():
            raise BadInput(f"This is not an unused code of {visible(by, limit=40)}.")
        return {"by": by, "method": CODE, "key": "", "proof": told}

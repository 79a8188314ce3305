"""Approvals as the desk sees them: plans that wait for a second person, and what that person says."""

import secrets
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from cockpit.actions.approval import CODES, STREAM, canonical_code, code_hash
from cockpit.actions.journal import admit, stream_of
from cockpit.desk.feed import Feed
from cockpit.desk.remedies.actions import Actions, ActionView
from cockpit.desk.remedies.signatures import Signatures
from cockpit.errors import BadInput, IllegalMove, NotFound
from cockpit.text import visible


class Approvals:
    """What one operator may approve; `keys` is the folder with their own key, which only signing needs.

    `spent` gives the one-time codes that were used elsewhere than for plans.
    """

    def __init__(
        self,
        feed: Feed,
        actions: Actions,
        operator: str,
        keys: Path | None = None,
        spent: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._feed = feed
        self._actions = actions
        self._operator = operator
        self._signatures = Signatures(feed, operator, keys, lambda: {*actions.codes_used(), *spent()})

    def waiting(self) -> list[ActionView]:
        """Plans that wait for an approval, the oldest first."""
        return [view for view in self._actions.running() if view.approvals_missing]

    def find(self, code: str) -> ActionView:
        """The waiting plan with that code; raises NotFound, BadInput when two have it."""
        asked = canonical_code(code)
        found = [
            view for view in self._actions.running() if view.plan and canonical_code(view.code_to_approve) == asked
        ]
        if not found:
            raise NotFound(f"No plan with the code {visible(code, limit=20)} waits for an approval.")
        if len(found) > 1:
            raise BadInput("Two plans have this code: name one by its whole id.")
        return found[0]

    def approve(self, code: str) -> ActionView:
        """Sign the plan with that code; raises NotFound, ConfigError, and IllegalMove for one's own plan."""
        view = self.find(code)
        if view.plan is None:
            raise IllegalMove("There is no plan yet.")
        self._refuse_own(view)
        with self._feed.decide() as pen:
            proof = self._signatures.sign(pen, view.uid, view.plan.hash)
            body = {"plan_hash": view.plan.hash, **proof}
            admit(self._actions.run_of(view.uid), view.uid, "action.approved", body, pen.now, self._operator)
            pen.append(stream_of(view.uid), "action.approved", body)
        return self._actions.get(view.uid)

    def reject(self, code: str, reason: str) -> ActionView:
        """End the plan with that code, with the reason; raises NotFound or BadInput."""
        view = self.find(code)
        if not reason.strip():
            raise BadInput("Say why the plan is rejected.")
        self._decide(view.uid, "action.rejected", {"by": self._operator, "reason": visible(reason, limit=300)})
        return self._actions.get(view.uid)

    def revoke(self, code: str, reason: str = "") -> ActionView:
        """Take one's own approval back, as long as nothing was sent; raises NotFound or IllegalMove."""
        view = self.find(code)
        self._decide(
            view.uid, "action.approval_revoked", {"by": self._operator, "reason": visible(reason, limit=300)}
        )
        return self._actions.get(view.uid)

    def make_codes(self) -> Sequence[str]:
        """New one-time codes for approving by phone, in place of all former ones; shown this once."""
        letters = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
        codes = ["".join(secrets.choice(letters) for _ in range(8)) for _ in range(CODES)]
        salt = secrets.token_hex(16)
        with self._feed.decide() as pen:
            hashes = [code_hash(each, salt) for each in codes]
            pen.append(STREAM, "approver.codes_made", {"salt": salt, "hashes": hashes})
        return [f"{each[:4]}-{each[4:]}" for each in codes]

    def approve_by_phone(self, uid: str, by: str, spoken: str) -> ActionView:
        """Enter the one-time code that `by` read out; raises BadInput for a wrong or used one, IllegalMove."""
        view = self._actions.get(uid)
        if view.plan is None:
            raise IllegalMove("There is no plan yet.")
        with self._feed.decide() as pen:
            body = {"plan_hash": view.plan.hash, **self._signatures.spoken(by, spoken)}
            admit(self._actions.run_of(uid), uid, "action.approved", body, pen.now, self._operator)
            pen.append(stream_of(uid), "action.approved", body)
        return self._actions.get(uid)

    def _refuse_own(self, view: ActionView) -> None:
        if self._operator in (view.operator, view.confirmed_by):
            raise IllegalMove("This is your own plan: somebody else has to approve it.")

    def _decide(self, uid: str, kind: str, body: dict[str, str]) -> None:
        with self._feed.decide() as pen:
            admit(self._actions.run_of(uid), uid, kind, body, pen.now, self._operator)
            pen.append(stream_of(uid), kind, body)

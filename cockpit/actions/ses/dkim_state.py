"""How SES signs an identity, as a state that plans compare: origin, selector, tokens and the signing switch."""

from collections.abc import Mapping
from typing import Any

from cockpit.actions.contract import Line
from cockpit.text import visible

EASY = "AWS_SES"
OWN = "EXTERNAL"


def state_of(identity: Mapping[str, Any]) -> dict[str, Any]:
    """The state in a GetEmailIdentity answer; a selector that SES does not tell is None.

    `tokens` are those of Easy DKIM, sorted, so that a way back can be compared with what was there before.
    """
    dkim = identity.get("DkimAttributes") or {}
    origin = visible(dkim.get("SigningAttributesOrigin") or EASY)
    tokens = sorted(visible(token) for token in dkim.get("Tokens") or [])
    selector: str | None = ""
    if origin == OWN:
        # The model says that Tokens holds the selector; AWS's own example shows it empty.
        selector = tokens[0] if len(tokens) == 1 else None
        tokens = []
    signing = bool(dkim.get("SigningEnabled", False))
    return {"origin": origin, "selector": selector, "tokens": tokens, "signing": signing}


def status_of(identity: Mapping[str, Any]) -> str:
    """SES's own verdict on the signing: SUCCESS, PENDING, FAILED, TEMPORARY_FAILURE or NOT_STARTED."""
    return visible((identity.get("DkimAttributes") or {}).get("Status", "unknown"))


def hosted_zone_of(identity: Mapping[str, Any]) -> str:
    """The zone that Easy DKIM's CNAMEs lead into; it is not the same in every region."""
    return visible((identity.get("DkimAttributes") or {}).get("SigningHostedZone") or "dkim.amazonses.com")


def signed_with(selector: str) -> dict[str, Any]:
    """The state of an identity that is signed with our own key under `selector`."""
    return {"origin": OWN, "selector": selector, "tokens": [], "signing": True}


def in_words(state: Mapping[str, Any]) -> str:
    """The state as the operator reads it, e.g. `EXTERNAL selector s2026b`; tokens may be left out."""
    if state["origin"] == EASY:
        tokens = f", {len(state['tokens'])} tokens" if "tokens" in state else ""
        signing = f"AWS_SES (Easy DKIM{tokens})"
    else:
        signing = f"{state['origin']} selector {state['selector'] or 'not told by SES'}"
    return signing if state["signing"] else f"{signing}, signing off"


def diff_lines(before: Mapping[str, Any], desired: Mapping[str, Any]) -> tuple[Line, ...]:
    """The diff that a plan shows."""
    lines = []
    if in_words({**before, "signing": True}) != in_words({**desired, "signing": True}):
        lines += [
            Line("-", "origin", in_words({**before, "signing": True})),
            Line("+", "origin", in_words({**desired, "signing": True})),
        ]
    if before["signing"] != desired["signing"]:
        switch = {True: "on", False: "off"}
        lines += [
            Line("-", "signing", switch[before["signing"]]),
            Line("+", "signing", switch[desired["signing"]]),
        ]
    return tuple(lines) or (Line(" ", "origin", f"{in_words(before)}; the same key is sent again"),)

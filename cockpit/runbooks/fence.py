"""Whether commands may be run from this terminal at all: never in a drill without the fence around it."""

from collections.abc import Mapping

from cockpit.profile import Profile

FENCED_BY = "COCKPIT_DRILL_TRAP"
"""The variable that stands in the environment of everything that a drill starts behind its fence."""

ISOLATED_BY = "COCKPIT_DRILL_ISOLATED"
"""The variable of a network without a way out."""


def why_unfenced(profile: Profile | None, environment: Mapping[str, str]) -> str:
    """Why no command is run here, in a sentence; empty when nothing speaks against it.

    A profile that stays on this machine can keep our own probes there, and no other program: only what a drill
    puts around its terminal can.
    """
    if profile is None or not profile.loopback_only:
        return ""
    if environment.get(FENCED_BY) or environment.get(ISOLATED_BY) == "1":
        return ""
    return (
        "Commands would leave the drill from this terminal, and its profile names no fence: run them in the one "
        "that `cockpit drill` opened, or skip the step (s) with a reason."
    )

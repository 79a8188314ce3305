"""Having a plan confirmed: by its hash, given beforehand, or by a word typed at the terminal."""

import sys

import click

from cockpit.errors import Refused

SHORTEST = 8
"""Hexadecimal digits of a hash that name a plan at least."""

confirm_option = click.option(
    "--confirm", default="", metavar="HASH", help="Carry out the plan of this hash, without asking."
)


def confirmed(plan: str, given: str, *, word: str, question: str) -> None:
    """Raise Refused unless this very plan is confirmed; `plan` is its hash, `word` what has to be typed."""
    if given:
        if len(given) < SHORTEST or not plan.startswith(given.lower()):
            raise Refused(f"The plan is {plan[:12]} now, not {given[:12]}; look at it again.")
        return
    if not sys.stdin.isatty():
        raise Refused(f"Nobody is here to ask; look at the plan with --plan, then --confirm {plan[:12]}.")
    if click.prompt(question, default="", show_default=False) != word:
        raise Refused("Nothing was changed.")

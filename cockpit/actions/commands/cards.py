"""The remedy that runs a command, as it is offered."""

from cockpit.actions.cards import RemedyCard

CARDS: tuple[RemedyCard, ...] = ()
"""Every remedy that is a command."""

"""The remedies for certificates as they are offered."""

from cockpit.actions.cards import RemedyCard

CARDS: tuple[RemedyCard, ...] = ()
"""Every remedy for certificates."""

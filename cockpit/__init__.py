"""What the product knows and does: health, incidents, runbooks, remedies, reviews and drills."""

__version__ = "0.1.0"

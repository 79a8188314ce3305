"""Remedies for DNS, over every provider."""

"""The desk with runners as threads, as the DNS remedies have it."""

from tests.actions.dns.conftest import Desk, _one_session, desk

__all__ = ["Desk", "_one_session", "desk"]

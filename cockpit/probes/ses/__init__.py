"""What SES and its neighbours in AWS say: identities, the account, its stops, its lists and its feedback."""

from cockpit.probes.ses.account import read_account
from cockpit.probes.ses.identity import read_identity

__all__ = ["read_account", "read_identity"]

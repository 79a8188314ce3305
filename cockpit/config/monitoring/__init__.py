"""The monitoring configuration of the emergency procedures, as written there, in terms of ours.

Every value of it is accounted for: what was taken over, what holds already, and what has no counterpart here.
"""

from cockpit.config.monitoring.accounts import Account, Outcome, fenced, leaves
from cockpit.config.monitoring.reading import SECTIONS, Monitoring, monitoring_from

__all__ = ["SECTIONS", "Account", "Monitoring", "Outcome", "fenced", "leaves", "monitoring_from"]

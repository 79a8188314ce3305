"""The loop that looks at the world: what to probe when, observation to verdict, alert and ledger."""

from cockpit.watch.once import check_once
from cockpit.watch.process import run_watch

__all__ = ["check_once", "run_watch"]

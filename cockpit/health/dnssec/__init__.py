"""dns.dnssec: is the chain of signatures unbroken from the root to the domain, and when would it break."""

from cockpit.health.dnssec.judge import CHECK, judge_dnssec

__all__ = ["CHECK", "judge_dnssec"]

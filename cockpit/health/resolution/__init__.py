"""dns.resolution: does the domain exist, do its records hold, who disagrees, and when will all resolvers agree."""

from cockpit.health.resolution.asking import follow_up, questions
from cockpit.health.resolution.judge import judge_resolution
from cockpit.health.resolution.said import Truth, truth_of
from cockpit.health.resolution.wanted import CHECK, Pin, Wanted

__all__ = ["CHECK", "Pin", "Truth", "Wanted", "follow_up", "judge_resolution", "questions", "truth_of"]

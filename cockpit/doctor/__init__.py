"""`cockpit doctor`: is this machine fit for the night, and if not, what to do about it."""

from cockpit.doctor.diagnosis import Diagnosis, Patient
from cockpit.doctor.machine import examine_machine
from cockpit.doctor.outside import examine_outside, references, secrets

__all__ = ["Diagnosis", "Patient", "examine_machine", "examine_outside", "references", "secrets"]

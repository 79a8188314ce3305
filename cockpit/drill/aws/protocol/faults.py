"""What can be made to go wrong at the simulated AWS, per service and operation."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cockpit.drill.aws.protocol.errors import AwsError


class FaultKind(StrEnum):
    """The closed list of faults; the first four answer, the last two cut the connection."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server-error"
    EXPIRED_CREDENTIALS = "expired-credentials"
    ACCESS_DENIED = "access-denied"
    LATENCY = "latency"
    DROP = "drop"
    """The connection is cut before anything is done."""
    APPLY_THEN_DROP = "apply-then-drop"
    """The call is done and the answer is lost: the caller cannot know."""


@dataclass(slots=True)
class Fault:
    """One fault of a service and operation, or of all (`*`) but the `spared`; `times` None means until cleared."""

    kind: FaultKind
    service: str = "*"
    operation: str = "*"
    times: int | None = None
    delay: timedelta = timedelta()
    spared: tuple[str, ...] = ()

    def meets(self, service: str, operation: str) -> bool:
        """Whether this fault is for that call."""
        named = self.service in ("*", service) and self.operation in ("*", operation)
        return named and service not in self.spared


class Faults:
    """The faults that are switched on, in the order in which they were."""

    def __init__(self) -> None:
        self._active: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        self._active.append(fault)

    def clear(self) -> None:
        """Switch all off."""
        self._active.clear()

    def active(self) -> list[Fault]:
        """The faults that are on."""
        return list(self._active)

    def take(self, service: str, operation: str) -> list[Fault]:
        """The faults that this call meets; a counted fault is used up by it."""
        met = [fault for fault in self._active if fault.meets(service, operation)]
        for fault in met:
            if fault.times is not None:
                fault.times -= 1
        self._active = [fault for fault in self._active if fault.times is None or fault.times > 0]
        return met


def answer(kind: FaultKind, service: str, protocol: str, operation: str) -> AwsError | None:
    """The error that a fault answers with, in the words of that service; None when it does not answer."""
    if kind is FaultKind.THROTTLE:
        return _throttled(service, protocol)
    if kind is FaultKind.SERVER_ERROR:
        return AwsError("InternalFailure", "An internal error has occurred.", 500)
    plain = protocol in ("query", "rest-xml")
    if kind is FaultKind.EXPIRED_CREDENTIALS:
        code = "ExpiredToken" if plain else "ExpiredTokenException"
        message = "The security token included in the request is expired"
        return AwsError(code, message, 400 if service == "s3" else 403)
    if kind is FaultKind.ACCESS_DENIED:
        code = "AccessDenied" if plain else "AccessDeniedException"
        return AwsError(code, f"User is not authorized to perform: {service}:{operation}", 403)
    return None


def _throttled(service: str, protocol: str) -> AwsError:
    if service == "s3":
        return AwsError("SlowDown", "Please reduce your request rate.", 503)
    if service == "sesv2":
        return AwsError("TooManyRequestsException", "Too many requests.", 429)
    if service == "lambda":
        return AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
    code = "ThrottlingException" if protocol == "json" else "Throttling"
    return AwsError(code, "Rate exceeded", 400)

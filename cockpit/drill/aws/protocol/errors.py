"""The errors that the simulated AWS answers with, in the words and codes of the real one."""

from typing import Any


class AwsError(Exception):
    """An answer other than success: the service's error code, its message and the HTTP status.

    `details` are further members of the error in the protocols that speak JSON.
    """

    def __init__(self, code: str, message: str, status: int = 400, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = details


def not_built(operation: str) -> AwsError:
    """The operation exists in AWS and is not part of this world (HTTP 501)."""
    return AwsError("NotImplemented", f"The drill world does not implement {operation}.", 501)

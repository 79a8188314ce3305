"""Whether this process may still act, looked at right before the bytes of a change leave without AWS's SDK.

A runner that slept while it connected may have lost its lease to another. For the SDK's requests the client layer
looks (`AwsClients.fence_changes`); dynamic updates and HTTP requests look here, when the connection stands.
"""

from collections.abc import Callable
from typing import Any

Fence = Callable[[], None]
"""Raises LeaseHeld when the lease was taken over."""

_FIRST_BYTE = "send_request_headers.started"


def unfenced() -> None:
    """For who holds no lease that could be lost."""


def at_first_byte(fence: Fence) -> dict[str, Any]:
    """Extensions of an httpx request that look at `fence` between the connection and the first byte."""

    def trace(event_name: str, _: Any) -> None:
        if event_name.endswith(_FIRST_BYTE):
            fence()

    return {"trace": trace}

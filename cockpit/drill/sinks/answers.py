"""What sinks say and how they read: JSON in, JSON or plain text out."""

import json
from collections.abc import Mapping
from typing import Any

from cockpit.drill.web.http import Request, Response


def json_answer(status: int, value: Any, *headers: tuple[str, str]) -> Response:
    """A JSON document."""
    return Response(status, (("Content-Type", "application/json"), *headers), json.dumps(value).encode())


def plain_answer(status: int, text: str, *headers: tuple[str, str]) -> Response:
    """A word or two."""
    return Response(status, (("Content-Type", "text/html"), *headers), text.encode())


def json_object(request: Request) -> Mapping[str, Any] | None:
    """The body as a JSON object; None when it is none."""
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def filled(value: Any) -> str | None:
    """A text that says something; None for anything else."""
    return value if isinstance(value, str) and value.strip() else None


def bearer(request: Request, scheme: str) -> str:
    """What follows the scheme in the Authorization header; empty when it is another one."""
    given, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if given.lower() == scheme.lower() else ""

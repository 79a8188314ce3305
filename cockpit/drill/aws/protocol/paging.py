"""Pages of a list, with the number of the next item as the token."""

from collections.abc import Sequence
from typing import Any, TypeVar

from cockpit.drill.aws.protocol.errors import AwsError

Item = TypeVar("Item")


def page(
    items: Sequence[Item], token: str | None, size: int, refused: str
) -> tuple[Sequence[Item], dict[str, Any]]:
    """The page that `token` asks for, and `{"NextToken": ...}` when there are more.

    Raises AwsError with the code `refused` for a token that was never given out.
    """
    if token is not None and not token.isdigit():
        raise AwsError(refused, "The NextToken is not valid.", 400)
    start = int(token or 0)
    end = start + max(1, size)
    return items[start:end], ({"NextToken": str(end)} if end < len(items) else {})

"""References to secrets: the configuration says where a secret is kept, never what it is.

A reference is one line of text::

    env:NAME                        an environment variable of the process that needs the secret
    keyring:service/user            an entry of the desktop or system keyring
    aws:secret-id                   AWS Secrets Manager, by name or ARN; `aws:secret-id#field` takes one JSON field
    url:http://127.0.0.1:8080/x     not a secret: a sink on this machine, as a drill or a test brings one

A reference may be shown and logged.
"""

import re
from typing import Annotated

import msgspec

REFERENCE_PATTERN = (
    r"^(env:[A-Za-z_][A-Za-z0-9_]*"
    r"|keyring:[^/\s]+/\S+"
    r"|aws:[A-Za-z0-9/_+=.@:-]+(#[A-Za-z0-9_.-]+)?"
    r"|url:http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?(/\S*)?)\Z"
)
"""What a reference looks like; anything else may be a secret itself and is never repeated in an error."""

SecretRef = Annotated[str, msgspec.Meta(pattern=REFERENCE_PATTERN)]
"""A reference to a secret; `cockpit.secrets.resolve()` turns it into the secret at the moment of use."""

EXPECTED = "a reference: env:NAME, keyring:service/user or aws:secret-id"


def is_reference(text: str) -> bool:
    """Whether `text` names a place where a secret is kept, and is not one itself."""
    return re.match(REFERENCE_PATTERN, text) is not None

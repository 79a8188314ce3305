"""The Ed25519 key that an operator approves plans with: made when first needed, kept in a file of mode 0600."""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cockpit.actions.approval import signed_text
from cockpit.errors import ConfigError
from cockpit.paths import private_directory


class OperatorKey:
    """One operator's key. The private half never leaves this object but for its file."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @property
    def public(self) -> str:
        """The public half, 32 octets in base64."""
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode("ascii")

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the SHA-256 of the public half."""
        return hashlib.sha256(base64.b64decode(self.public)).hexdigest()[:16]

    def sign(self, uid: str, plan_hash: str, by: str) -> str:
        """The signature over one plan, in base64."""
        return base64.b64encode(self._private.sign(signed_text(uid, plan_hash, by))).decode("ascii")


def operator_key(folder: Path, operator: str) -> OperatorKey:
    """Read the operator's key, or make it; raises ConfigError for one that others can read or that is damaged."""
    path = (
        private_directory(folder) / f"{''.join(c if c.isalnum() or c in '._-' else '_' for c in operator)}.ed25519"
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise ConfigError(f"The key {path} cannot be made: {error.strerror}.") from None
    private = Ed25519PrivateKey.generate()
    with os.fdopen(handle, "wb") as file:
        file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return OperatorKey(private)


def _read(path: Path) -> OperatorKey:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            mode, owner = os.fstat(file.fileno()).st_mode, os.fstat(file.fileno()).st_uid
            if mode & 0o077 or owner != os.getuid():
                raise ConfigError(f"The key {path} can be read by others: chmod 600 {path}")
            private = load_pem_private_key(file.read(), None)
    except OSError as error:
        raise ConfigError(f"The key {path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError):
        raise ConfigError(f"The key {path} is damaged.") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(f"The key {path} is not an Ed25519 key.")
    return OperatorKey(private)

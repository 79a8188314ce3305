"""The function's archive: the same octets from the same code, so that its digest tells drift."""

import base64
import hashlib
import io
import zipfile
from pathlib import Path

import cockpit.ses.feedback
from cockpit.actions.provision import lambda_function

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that an archive can carry; a real one would make every archive another."""


def archive() -> bytes:
    """A ZIP of the handler and of the rule that it shares with the cockpit."""
    files = {
        "cockpit/__init__.py": "",
        "cockpit/ses/__init__.py": "",
        "cockpit/ses/feedback.py": _source(cockpit.ses.feedback.__file__),
        "lambda_function.py": _source(lambda_function.__file__),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, text)
    return out.getvalue()


def digest(octets: bytes) -> str:
    """SHA-256 in base64, as Lambda's CodeSha256."""
    return base64.b64encode(hashlib.sha256(octets).digest()).decode()


def _source(path: str | None) -> str:
    return Path(path or "").read_text(encoding="utf-8")

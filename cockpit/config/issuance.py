"""What is configured of certificate transparency: where new certificates are looked for, and who may issue."""

from pathlib import Path
from typing import Annotated, Any

import msgspec

from cockpit.errors import ConfigError
from cockpit.profile import CtLog
from cockpit.text import visible

CRT_SH = "https://crt.sh/"
"""The public search whose questions and answers the source must have."""


class CertificateTransparency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`source` is a search of the logs with crt.sh's questions and answers, by its address, or a file with such an
    answer; empty looks nowhere, for a search tells somebody else which domains are watched. `{domain}` in it stands
    for the domain; without that the question is added to the address.

    `issuers` may issue: each is the organisation or the common name of an issuer, as its certificates have it. With
    none, every new certificate is told. `accepted` are serial numbers (hexadecimal) of certificates that are known
    though their issuer is not listed. `log_list` is a file of the logs whose timestamps count, as browsers publish
    them (`operators`, each with `logs` that have `description` and `key`).
    """

    source: str = ""
    issuers: tuple[str, ...] = ()
    accepted: tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F:]+\Z")], ...] = ()
    log_list: str = ""


def listed_logs(path: str) -> tuple[CtLog, ...]:
    """The logs in a list as browsers publish it; raises ConfigError."""
    try:
        value = msgspec.json.decode(Path(path).expanduser().read_bytes())
        operators: list[Any] = value["operators"]
        logs = [log for each in operators for log in (*each.get("logs", ()), *each.get("tiled_logs", ()))]
        return tuple(CtLog(visible(log["description"], limit=100), str(log["key"])) for log in logs)
    except OSError as error:
        raise ConfigError(f"The list of transparency logs {path} cannot be read: {error.strerror}.") from None
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{path} is no list of transparency logs as browsers publish them.") from None

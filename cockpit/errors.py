"""One error tree; each error's text is the sentence that the operator needs.

::

    CockpitError                    (storage.errors; the root of everything raised on purpose)
    ├── StorageError                see storage.errors
    ├── ConfigError                 cockpit.yaml or a profile is wrong: names file, line and key
    ├── Refused                     the request is understood and will not be done; says why
    │   ├── IllegalMove             a state change that the lifecycle does not allow
    │   ├── ReadOnly                this cockpit was started read-only
    │   └── WrongIdentity           account, region or caller is not the one that is pinned
    ├── NotFound                    no such incident, runbook, document, run or scenario
    ├── BadInput                    a value that cannot be understood; says what was expected
    ├── RunbookError                a runbook cannot be read; names file and line
    └── WorldError                  the outside could not be reached or answered nonsense

Third-party exceptions are translated at the edge that knows them.
"""

from storage.errors import CockpitError, StorageError

__all__ = [
    "BadInput",
    "CockpitError",
    "ConfigError",
    "IllegalMove",
    "NotFound",
    "ReadOnly",
    "Refused",
    "RunbookError",
    "StorageError",
    "WorldError",
    "WrongIdentity",
]


class ConfigError(CockpitError):
    """The configuration or the profile is wrong; the sentence names file, line and key."""


class Refused(CockpitError):
    """Understood, and not done; the sentence says why."""


class IllegalMove(Refused):
    """The lifecycle does not allow this change of state."""


class ReadOnly(Refused):
    """This cockpit was started read-only."""


class WrongIdentity(Refused):
    """The account, region or caller is not the one that the configuration pins."""


class NotFound(CockpitError):
    """There is nothing by that name."""


class BadInput(CockpitError):
    """A value that cannot be understood; the sentence says what was expected."""


class RunbookError(CockpitError):
    """A runbook cannot be read; the sentence names file and line."""


class WorldError(CockpitError):
    """The outside could not be reached, or answered nonsense."""

"""The root of every error this product raises on purpose, and the part of the tree that storage owns.

The root lives on the lowest floor so that all three floors raise under one tree::

    CockpitError
    └── StorageError          the database could not do what was asked
        ├── Unwritable        read-only directory, full disk, I/O error: nothing acknowledged was lost
        ├── Unsafe            a file system, mode or owner on which the ledger would not be safe
        ├── NewerSchema       the file was written by a newer cockpit
        ├── Damaged           the file or the hash chain does not check out
        ├── LeaseHeld         somebody else holds the lease
        └── EditConflict      the document changed since it was read; carries both texts

`cockpit.errors` draws the rest of the tree.
"""


class CockpitError(Exception):
    """An error with a sentence for the operator; `str(error)` is that sentence, without a traceback."""

    exit_code = 1


class StorageError(CockpitError):
    """The database could not do what was asked."""


class Unwritable(StorageError):
    """The file cannot be written: read-only directory, full disk or I/O error."""


class Unsafe(StorageError):
    """Keeping the ledger here would not be safe: network file system, foreign owner or open permissions."""


class NewerSchema(StorageError):
    """The file was written by a newer version of the cockpit."""


class Damaged(StorageError):
    """The file, or the chain of hashes in it, does not check out."""


class LeaseHeld(StorageError):
    """Another process holds the lease; the sentence names it."""


class EditConflict(StorageError):
    """The document changed since it was read; both texts are kept for the reader to choose from."""

    def __init__(self, message: str, *, mine: str, theirs: str, revision: int, author: str) -> None:
        super().__init__(message)
        self.mine = mine
        self.theirs = theirs
        self.revision = revision
        self.author = author

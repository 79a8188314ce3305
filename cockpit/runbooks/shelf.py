"""Where runbooks are found: those that came with the product, and Markdown files in folders of the organisation."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from cockpit.errors import NotFound, RunbookError
from cockpit.health.registry import RUNBOOKS
from cockpit.runbooks.format import parse
from cockpit.runbooks.model import Runbook
from cockpit.runbooks.mojibake import mended
from cockpit.text import visible

MAX_BYTES = 4_000_000
SUFFIXES = (".md", ".markdown", ".txt")


class Shelf:
    """The runbooks by id; one in a folder takes the place of a bundled one with the same id."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = tuple(folders)
        self._books: dict[str, Runbook] | None = None

    def all(self) -> list[Runbook]:
        """Every runbook by title. Read once; `reload()` reads again."""
        return sorted(self._loaded().values(), key=lambda book: book.title.lower())

    def get(self, id: str) -> Runbook:
        """One runbook; raises NotFound naming those that there are."""
        found = self._loaded().get(id)
        if found is None:
            raise NotFound(
                f"There is no runbook {visible(id, limit=60)!r}; there are: {', '.join(self._loaded())}."
            )
        return found

    def for_alert(self, kind: str) -> list[Runbook]:
        """Those that say they are for alerts of this kind, first the one that is written for it above all."""
        fitting = [book for book in self.all() if kind in book.alerts]
        return sorted(fitting, key=lambda book: book.id != RUNBOOKS.get(kind))

    def reload(self) -> None:
        """Forget what was read."""
        self._books = None

    def _loaded(self) -> dict[str, Runbook]:
        if self._books is None:
            self._books = {book.id: book for book in self._read()}
        return self._books

    def _read(self) -> Iterator[Runbook]:
        yield from _bundled()
        for folder in self._folders:
            if folder.is_dir():
                yield from _in_folder(folder, f"{folder}/")


@lru_cache(maxsize=1)
def _bundled() -> tuple[Runbook, ...]:
    """Read once for a process: these files change only with the product itself."""
    return tuple(_in_folder(files("cockpit.runbooks") / "library", ""))


@lru_cache(maxsize=1)
def bundled_ids() -> frozenset[str]:
    """The ids of the runbooks that came along; each file is named after its own."""
    folder = files("cockpit.runbooks") / "library"
    return frozenset(entry.name.removesuffix(".md") for entry in folder.iterdir() if entry.name.endswith(".md"))


def _in_folder(folder: Traversable, prefix: str) -> Iterator[Runbook]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_file() and entry.name.lower().endswith(SUFFIXES):
            yield parse(decoded(entry.read_bytes(), entry.name), f"{prefix}{entry.name}")


def read_file(path: Path) -> Runbook:
    """Read one Markdown file as a runbook; raises RunbookError naming it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RunbookError(f"{path} cannot be read: {error.strerror}.") from None
    return parse(decoded(raw, str(path)), str(path))


def decoded(raw: bytes, name: str) -> str:
    """The text of a file: UTF-8, or UTF-16 with a mark, else Windows-1252, which any bytes can be read as."""
    if len(raw) > MAX_BYTES:
        raise RunbookError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB, which no runbook is.")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return mended(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")

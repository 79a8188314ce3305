"""A model of a power cut: which bytes may be on the disk, given what a process wrote and what it synced.

The recording is what strace saw of one process. At a cut, a file holds everything up to its last sync, plus any
subset of what was written since, each write whole, torn at 512-byte sectors, or missing; a directory holds its
entries up to its last sync, plus a prefix of the changes since. Shared memory is gone.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,unlinkat,rename"
_LINE = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<result>-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PATH = re.compile(r"<((?:\\x[0-9a-f]{2}|[^>])*)>")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


@dataclass
class Operation:
    """One call: `write` and `truncate` change a file, `sync` seals it, `create` and `unlink` change a directory."""

    kind: str
    path: str
    offset: int = 0
    data: bytes = b""


@dataclass
class _File:
    durable: bytes
    pending: list[Operation] = field(default_factory=list)


def read_recording(trace: str, mouth: str = "pipe:") -> list[Operation]:
    """Turn strace's text (`-y -xx`, whole strings) into operations; a write to a pipe becomes an `ack`."""
    operations = []
    for line in trace.splitlines():
        match = _LINE.match(line)
        if match is None or match["result"].startswith("-"):
            continue
        operation = _operation(match["name"], match["arguments"], mouth)
        if operation is not None:
            operations.append(operation)
    return operations


def _operation(name: str, arguments: str, mouth: str) -> Operation | None:
    strings = [_bytes(text) for text in _STRING.findall(arguments)]
    paths = [_bytes(text).decode() for text in _PATH.findall(arguments)]
    if name == "openat":
        return Operation("create", strings[0].decode()) if "O_CREAT" in arguments else None
    if name in ("unlink", "unlinkat"):
        return Operation("unlink", strings[0].decode())
    if name in ("fsync", "fdatasync"):
        return Operation("sync", paths[0])
    if name == "ftruncate":
        return Operation("truncate", paths[0], int(arguments.rsplit(",", 1)[1]))
    if name == "pwrite64":
        return Operation("write", paths[0], int(arguments.rsplit(",", 1)[1]), strings[0])
    if name == "write" and paths and paths[0].startswith(mouth):
        return Operation("ack", "", 0, strings[0])
    raise AssertionError(f"the model does not know {name}({arguments[:80]}")


def _bytes(text: str) -> bytes:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).encode("latin-1")


class Disk:
    """What a disk may hold after a cut at some operation of a recording, for the files of one directory."""

    def __init__(self, directory: Path, before: dict[str, bytes]) -> None:
        self._directory = str(directory)
        self._files = {path: _File(data) for path, data in before.items()}
        self._durable_names = set(before)
        self._names = set(before)
        self._pending_names: list[Operation] = []
        self.acknowledged: list[bytes] = []

    def apply(self, operation: Operation) -> None:
        """Let the process do one thing more."""
        path = operation.path
        if operation.kind == "ack":
            self.acknowledged.append(operation.data)
        elif operation.kind == "sync" and path == self._directory:
            self._durable_names, self._pending_names = set(self._names), []
        elif not path.startswith(self._directory) or path.endswith("-shm"):
            return
        elif operation.kind == "sync":
            file = self._files[path]
            for pending in file.pending:
                file.durable = _applied(file.durable, pending)
            file.pending = []
        elif operation.kind == "create":
            if path not in self._names:
                self._names.add(path)
                self._files[path] = _File(b"")
                self._pending_names.append(operation)
        elif operation.kind == "unlink":
            self._names.discard(path)
            self._pending_names.append(operation)
        else:
            self._files[path].pending.append(operation)

    def cut(self, dice: random.Random) -> dict[str, bytes]:
        """One of the states that a cut now may leave: path to content."""
        names = set(self._durable_names)
        for change in self._pending_names[: dice.randint(0, len(self._pending_names))]:
            (names.add if change.kind == "create" else names.discard)(change.path)
        return {path: self._content(self._files[path], dice) for path in names}

    @staticmethod
    def _content(file: _File, dice: random.Random) -> bytes:
        content = file.durable
        chance = dice.choice((0.0, 0.2, 0.5, 0.9, 1.0))
        for operation in file.pending:
            if dice.random() >= chance:
                continue
            pieces = _torn(operation, dice) if dice.random() < 0.3 else [operation]
            for piece in pieces:
                content = _applied(content, piece)
        return content


def _torn(operation: Operation, dice: random.Random) -> Iterator[Operation]:
    """Some of the sectors of a write."""
    if operation.kind != "write":
        yield operation
        return
    for start in range(0, len(operation.data), SECTOR):
        if dice.random() < 0.5:
            data = operation.data[start : start + SECTOR]
            yield Operation("write", operation.path, operation.offset + start, data)


def _applied(content: bytes, operation: Operation) -> bytes:
    end = operation.offset + len(operation.data)
    if operation.kind == "truncate":
        return content[: operation.offset].ljust(operation.offset, b"\0")
    padded = content.ljust(operation.offset, b"\0")
    return padded[: operation.offset] + operation.data + padded[end:]

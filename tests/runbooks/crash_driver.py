"""Works one run through and kills itself, as kill -9 does, at a given event.

For each event of the run there is a child of its own that ends just before that event is committed, and one that
ends just after. Each leaves its database behind for the test to look at.
"""

import os
import signal
import sys
from pathlib import Path

from cockpit.desk.feed import Feed
from cockpit.desk.remedies.actions import Actions
from cockpit.desk.runbooks import Runbooks
from storage.database import Database, Transaction
from storage.ledger import Draft, Event, Ledger
from storage.observations import Observations, Sample
from tests.desk.conftest import ManualClock
from tests.desk.test_actions import SETTINGS

BOOK = """---
id: book
title: Book
inputs: {domain: domain}
---
# Book

## Look

Look at {{domain}}.

## See

```check
check: mail.dkim
target: "{{domain}}"
want: [FAIL]
```

## Which

```decide
question: Which?
branches:
  - {answer: That, when: {input: domain, is: set}, go: do}
  - {answer: Other, go: end}
```

## Do

```command
true {{domain}}
```

## Ask

```input
input: spare
type: domain
```

## Wait

```wait
for: 30s
```

## Tell

```message
audience: customers
text: "{{spare}}"
```
"""


class Deadly(Ledger):
    """A ledger whose writer dies at the n-th append: before it is committed, or right after."""

    left = 10_000
    after = False

    def append(self, drafts: "list[Draft]", transaction: Transaction | None = None) -> list[Event]:  # type: ignore[override]
        """Append, and die where it was asked for."""
        self.left -= 1
        if self.left == 0 and not self.after:
            super().append(drafts, transaction)
            os.kill(os.getpid(), signal.SIGKILL)
        if self.left < 0 and self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().append(drafts, transaction)


class Terminal:
    """One terminal on a database; commands are noted in a file instead of being run."""

    def __init__(self, folder: Path, ledger_of: type[Ledger] = Ledger) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.database = Database.open(folder / "data" / "cockpit.db")
        self.ledger = ledger_of(self.database, self.clock.now)
        self.observations = Observations(self.database)
        self.feed = Feed(self.database, self.ledger, self.clock, "mhassan")
        actions = Actions(
            self.feed, SETTINGS, folder / "p.json", self.database.path, "mhassan", spawn=lambda arguments: None
        )
        self.runbooks = Runbooks(
            self.feed,
            self.observations,
            actions,
            SETTINGS,
            self.database.path,
            "mhassan",
            folders=[folder],
            spawn=lambda arguments: self.noted("command\n"),
            monotonic=self.clock.monotonic,
        )
        self.feed.add(self.runbooks)
        self.feed.catch_up()

    def noted(self, what: str) -> None:
        """Write down what would have been started; it stays when the process dies."""
        with (self.folder / "started").open("a") as file:
            file.write(what)
            file.flush()
            os.fsync(file.fileno())

    def command(self, uid: str, kind: str, **body: object) -> None:
        """Append an event as the command's runner would."""
        now = self.clock.now()
        full = {"step": "do", "attempt": 1, **body}
        draft = Draft(stream=f"run/{uid}", kind=kind, body=full, occurred_at=now, actor="command")
        self.ledger.append([draft])
        self.feed.catch_up()

    def see(self) -> None:
        """The watch looks, and the desk ticks."""
        self.clock.advance(1)
        self.observations.put([Sample("shop.example", "mail.dkim", "", "FAIL", "gone", "{}", self.clock.now(), 5)])
        self.clock.advance(1)
        self.feed.catch_up()
        self.runbooks.tick(self.clock.now())

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def work(terminal: Terminal) -> str:
    """Work the whole run; returns its uid."""
    books = terminal.runbooks
    uid = books.start("book", {"domain": "shop.example"})
    books.advance(uid)
    terminal.see()
    books.advance(uid)
    terminal.command(uid, "step.output", text="half\n")
    terminal.command(uid, "step.done", how="command", said="exit status 0")
    books.advance(uid, "spare.example")
    terminal.clock.advance(31)
    books.tick(terminal.clock.now())
    books.advance(uid, "told")
    return uid


def main() -> None:
    """Fork a child for every event of the run, before and after; prints how many events there are."""
    root = Path(sys.argv[1])
    events = int(sys.argv[2])
    for number in range(1, events + 1):
        for after in (False, True):
            folder = root / f"{number}-{'after' if after else 'before'}"
            folder.mkdir()
            (folder / "book.md").write_text(BOOK)
            child = os.fork()
            if child == 0:
                terminal = Terminal(folder, Deadly)
                assert isinstance(terminal.ledger, Deadly)
                terminal.ledger.left, terminal.ledger.after = number, after
                work(terminal)
                os._exit(0)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()

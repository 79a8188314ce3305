"""Small runbooks and runs for the tests of the step machine."""

from datetime import UTC, datetime

from cockpit.runbooks.format import parse
from cockpit.runbooks.machine import advance
from cockpit.runbooks.model import Runbook
from cockpit.runbooks.run import Run

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)

FORKED = """---
id: forked
title: Forked
inputs:
  domain: domain
  key: {type: selector, required: false}
---
# Forked

## Look

- just looking

## See

```check
check: mail.dkim
target: "{{domain}}"
```

## Choose

```decide
question: Which way?
branches:
  - answer: Left
    when: {input: key, is: set}
    go: left
  - answer: Right
    go: right
  - answer: Nothing
    go: end
```

## Left

```manual next=done
Go left.
```

## Right

Go right.

## Done

Say so.
"""


def started(book: Runbook, **inputs: str) -> Run:
    """A run of the book that has just begun."""
    body = {
        "runbook": book.id,
        "source": book.source,
        "text": book.text,
        "sha256": book.sha256,
        "inputs": inputs,
        "incident": None,
    }
    return advance(None, "r", "run.started", body, START, "mhassan")


def forked() -> Run:
    """A run of FORKED that has just begun."""
    return started(parse(FORKED, "forked.md"), domain="shop.example", key="s1")

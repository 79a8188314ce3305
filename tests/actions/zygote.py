"""Forks runners that have their imports behind them, and kills one at a chosen commit.

An order is one line of JSON on standard input. `{"arguments": [...], "die_after": 3}` forks a runner that gets
SIGKILL right after its third journal entry is committed; `"die_sending": 1` right before its first change leaves,
`"die_answered": 1` right after its answer came, and `"stop_sending": 1` stops it (SIGSTOP) where the former would
kill it. The answer is `{"status": N}` when the process has ended, negative
for a signal.
"""

import json
import os
import signal
import sys
from functools import cache
from typing import Any

import boto3
import botocore.loaders

from cockpit.actions import aws, ledger_journal, runner
from cockpit.actions.ses import byodkim


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(order: dict[str, Any]) -> None:
    appended = answered = 0
    append = ledger_journal.LedgerJournal.append
    sent = aws.sent

    def counting_append(self: Any, kind: str, body: dict[str, Any], *, fenced: bool) -> None:
        nonlocal appended
        append(self, kind, body, fenced=fenced)
        appended += 1
        if appended == order.get("die_after"):
            _kill()

    def counting_sent(what: str, call: Any) -> Any:
        nonlocal answered
        answered += 1
        if answered == order.get("die_sending"):
            _kill()
        if answered == order.get("stop_sending"):
            os.kill(os.getpid(), signal.SIGSTOP)
        outcome = sent(what, call)
        if answered == order.get("die_answered"):
            _kill()
        return outcome

    ledger_journal.LedgerJournal.append = counting_append  # type: ignore[method-assign]
    vars(byodkim)["sent"] = counting_sent


def _warm() -> None:
    """Read the SDK's models once: a fork then makes its clients from memory."""
    load = botocore.loaders.JSONFileLoader.load_file
    botocore.loaders.JSONFileLoader.load_file = cache(load)
    botocore.loaders.JSONFileLoader.__eq__ = lambda self, other: type(self) is type(other)
    botocore.loaders.JSONFileLoader.__hash__ = lambda self: 1
    for service in ("sts", "sesv2", "s3", "route53", "secretsmanager"):
        boto3.Session().client(
            service, region_name="ca-central-1", aws_access_key_id="none", aws_secret_access_key="none"
        )


def main() -> None:
    """Serve orders until standard input closes."""
    _warm()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _arm(order)
            os._exit(runner.main(order["arguments"]))
        _, status = os.waitpid(child, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()

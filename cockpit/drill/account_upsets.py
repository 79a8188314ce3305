"""Making things happen in the account besides mail: each word of `vocabulary.account_injects` applied to it."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.account import Account
from cockpit.drill.aws.messaging.queues import Queue
from cockpit.drill.clock import DrillClock
from cockpit.drill.estate.company import FEEDBACK_TOPIC
from cockpit.errors import NotFound

_QueueWord = v.FillQueue | v.PoisonQueue | v.RepeatMessages


def upset_account(account: Account, clock: DrillClock, inject: v.AccountInject) -> None:
    """Make one thing happen now; raises NotFound where the account has no such part."""
    now = clock.now()
    match inject:
        case v.AnnounceHealth() | v.CloseHealth():
            _tell_of_health(account, inject, now)
        case v.ReplyToCase(text=text):
            case = account.support.newest()
            if case is None:
                raise NotFound("There is no support case to reply to.")
            account.support.reply(case, text, now)
        case v.ChangePlan(on=on):
            account.support.subscribed = account.health.subscribed = on
        case v.FillQueue() | v.PoisonQueue() | v.RepeatMessages():
            _upset_queue(account, inject, clock)
        case v.FunctionFault() | v.FunctionHeal():
            _upset_function(account, inject)
        case v.TargetFault(host=host):
            _known(account.elbv2.targets.break_all(host), host)
        case v.TargetHeal(host=host):
            _known(account.elbv2.targets.mend_all(host), host)


def _tell_of_health(account: Account, inject: v.AnnounceHealth | v.CloseHealth, now: datetime) -> None:
    if isinstance(inject, v.CloseHealth):
        if not account.health.close(inject.code, now):
            raise NotFound(f"There is no open event {inject.code}.")
        return
    account.health.announce(
        inject.service,
        inject.code,
        inject.text,
        now,
        category=inject.category,
        status=inject.status,
        region=inject.region,
        entities=inject.entities,
    )


def _upset_queue(
    account: Account, inject: v.FillQueue | v.PoisonQueue | v.RepeatMessages, clock: DrillClock
) -> None:
    queue = account.sqs.find(inject.queue)
    if queue is None:
        raise NotFound(f"There is no queue {inject.queue}.")
    for body in _bodies(account, queue, inject, clock.now()):
        queue.put(body, {}, clock.now(), clock.monotonic())


def _bodies(account: Account, queue: Queue, inject: _QueueWord, now: datetime) -> Iterator[str]:
    topic = account.place.arn("sns", FEEDBACK_TOPIC)
    match inject:
        case v.FillQueue(messages=count):
            for number in range(count):
                bounce = _bounce(f"reader{number}@simulator.amazonses.com", now)
                yield account.sns.enveloped(topic, json.dumps(bounce))
        case v.RepeatMessages(messages=count):
            yield from [message.body for message in queue.messages.values()][-count:]
        case v.PoisonQueue(kind="no-json"):
            yield "the quick brown fox"
        case v.PoisonQueue(kind="cut-off"):
            yield account.sns.enveloped(topic, json.dumps(_bounce("cut@simulator.amazonses.com", now)))[:200]
        case v.PoisonQueue(kind="unknown-shape"):
            yield account.sns.enveloped(topic, json.dumps({"notificationType": "Telegram", "words": ["STOP"]}))
        case v.PoisonQueue():
            envelope = json.loads(
                account.sns.enveloped(topic, json.dumps(_bounce("x@simulator.amazonses.com", now)))
            )
            yield json.dumps(envelope | {"Signature": "bm90IHNpZ25lZA=="})


def _bounce(recipient: str, now: datetime) -> dict[str, Any]:
    """An identity notification of one permanent bounce."""
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    failed = {"emailAddress": recipient, "action": "failed", "status": "5.1.1"}
    return {
        "notificationType": "Bounce",
        "bounce": {
            "feedbackId": str(uuid.uuid4()),
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [failed],
            "timestamp": stamp,
        },
        "mail": {"timestamp": stamp, "messageId": str(uuid.uuid4()), "destination": [recipient]},
    }


def _upset_function(account: Account, inject: v.FunctionFault | v.FunctionHeal) -> None:
    if not account.functions.knows(inject.function):
        raise NotFound(f"There is no function {inject.function}.")
    if isinstance(inject, v.FunctionHeal):
        account.functions.faults.pop(inject.function, None)
    else:
        account.functions.faults[inject.function] = inject.kind


def _known(found: bool, host: str) -> None:
    if not found:
        raise NotFound(f"There is no load balancer before a host {host}.")

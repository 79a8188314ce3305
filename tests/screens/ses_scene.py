"""What a sending account looks like on the SES screen: its rates, its own counts, and everything around them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cockpit.clock import format_time
from cockpit.errors import WorldError
from cockpit.health.model import Verdict
from tests.screens.desks import ACCOUNT, Scene

POINTS = 24

READY = {
    "stored": True,
    "recorded": True,
    "published": None,
    "said": "no name server answered within 3 s",
    "dkim_status": "SUCCESS",
    "origin": "AWS_SES",
}
CHECKLIST = [
    {"words": "x", "says": "the DNS record is there", "done": None, "evidence": "no name server answered"},
    {"words": "x", "says": "domain and selector", "done": True, "evidence": "shop.example, s2026b"},
    {"words": "x", "says": "the update was run", "done": False, "evidence": "no run"},
]
TESTED = [
    {"name": "table/the-table", "good": True, "says": "who is not written to"},
    {"name": "mail is sent", "good": True, "says": "SES took it for bounce+1@simulator.amazonses.com"},
    {"name": "bounce suppresses", "good": False, "says": "it never came into the table"},
]
FUNCTIONS = [
    {
        "name": "discord-verification-handler",
        "says": "sends sign-in codes after asking the table",
        "payload": "called by the application",
        "answers": "",
        "state": "drift",
        "facts": ["SUPPRESSION_LIST_TABLE suppressed"],
        "problems": ["FROM_EMAIL is a@other.example, and other.example is no identity that is watched"],
        "why": "",
    },
    {
        "name": "aws-ses-migration-prod-dns-notifier",
        "says": "mails the record",
        "payload": "",
        "answers": "",
        "state": "absent",
        "facts": [],
        "problems": [],
        "why": "",
    },
]


def sending(scene: Scene, *, bounce: float = 0.04, target: str = ACCOUNT, **account: Any) -> None:
    """An account whose bounces climb towards AWS's first line."""
    begin = format_time(scene.clock.now() - timedelta(minutes=15 * POINTS))
    seen = {
        "enforcement": "HEALTHY",
        "sending_enabled": True,
        "production": True,
        "sent_24_hours": 410_000,
        "max_24_hours": 1_000_000,
        "max_per_second": 80.0,
        **account,
    }
    scene.saw(target, "ses.account", Verdict.OK, "HEALTHY, sending on", evidence=seen)
    scene.saw(target, "ses.quota", Verdict.OK, "41 % of the quota used", evidence={"used_fraction": 0.41})
    scene.saw(
        target, "ses.sets", Verdict.OK, "2 configuration sets send", evidence={"paused": account.get("sets", [])}
    )
    for check, top in (("ses.bounce", bounce), ("ses.complaint", 0.0004)):
        ramp = [top * (0.4 + 0.6 * number / POINTS) for number in range(POINTS)]
        line = 0.05 if check == "ses.bounce" else 0.001
        runway = [
            {
                "line": line,
                "course": "nearing",
                "seconds": 9000.0,
                "soonest_s": 5400.0,
                "latest_s": 16200.0,
                "bad": 412,
                "good": None,
                "good_most": None,
                "why": "",
            }
        ]
        evidence = {
            "reported": top * 0.8,
            "windowed": top,
            "from": begin,
            "sent": [4000.0] * POINTS,
            "bad": [round(4000 * each) for each in ramp],
            "figures": [each * 0.8 for each in ramp],
            "runway": runway,
            "sets": {"newsletter": top * 1.4, "receipts": None},
        }
        scene.saw(
            target, check, Verdict.WARN, f"{check.partition('.')[2]} rate 4.00 % (last hour)", evidence=evidence
        )


def watching(scene: Scene) -> None:
    """Alarms, AWS Health, feedback, the two lists, our own counts, and the queue of calls."""
    alarmed(scene)
    told_by_aws(scene)
    fed_back(scene)
    compared(scene)
    counted(scene)
    asked(scene)


def alarmed(scene: Scene) -> None:
    """One alarm that fires, one that never can, and one that is missing."""
    name = "ses-high-bounce-rate-CRITICAL"
    fault = "the threshold is 3, and the metric is a fraction: it can never fire (5 % is 0.05)"
    wanted = [
        {"name": name, "says": "bounces over 5 %", "found": name, "state": "ALARM", "problems": []},
        {
            "name": "ses-bounce-rate-warning",
            "says": "bounces over 3 %",
            "found": "old-bounces",
            "state": "OK",
            "problems": [fault],
        },
        {
            "name": "ses-suppressed-emails-detected",
            "says": "mail to suppressed",
            "found": "",
            "state": "",
            "problems": [],
        },
    ]
    alarms = [
        {"name": name, "actions": ["arn:x"], "actions_enabled": True},
        {"name": "old-bounces", "actions": [], "actions_enabled": True},
    ]
    history = [{"at": "2026-11-20T13:59:00+00:00", "alarm": name, "says": "OK to ALARM"}]
    evidence = {"wanted": wanted, "alarms": alarms, "faulty": {}, "history": history}
    scene.saw(ACCOUNT, "ses.alarms", Verdict.WARN, "1 in ALARM; 1 missing", evidence=evidence)


def told_by_aws(scene: Scene) -> None:
    """The one event of a pause, closed from its first moment."""
    event = {
        "code": "AWS_SES_SENDING_PAUSED",
        "status": "closed",
        "updated": "2026-11-20T14:00:00+00:00",
        "text": "Sending was paused.",
    }
    scene.saw(ACCOUNT, "ses.health", Verdict.WARN, "1 event", evidence={"subscribed": True, "events": [event]})


def fed_back(scene: Scene) -> None:
    """An hour's bounces and complaints."""
    counts = [{"name": "mail.example", "number": 40}, {"name": "old.example", "number": 7}]
    tally = {
        "since": format_time(scene.clock.now() - timedelta(hours=1)),
        "until": format_time(scene.clock.now()),
        "permanent": 47,
        "transient": 12,
        "complaints": 3,
        "not_spam": 1,
        "sends": 1200,
        "deliveries": 1100,
        "domains": counts,
        "reasons": [{"name": "5.1.1", "number": 40}],
        "sets": [],
        "providers": counts[:1],
    }
    evidence = {"tally": tally, "suppressed": 50, "aside": 2, "waiting": 9, "bounce_fraction": 0.039}
    scene.saw(ACCOUNT, "ses.feedback", Verdict.OK, "47 bounced for good in the last hour", evidence=evidence)


def compared(scene: Scene) -> None:
    """Two lists that differ, and senders that fail open."""
    parted = {"number": 2, "some": ["a…n@mail.example", "b…b@old.example"]}
    none = {"number": 0, "some": []}
    evidence = {
        "only_list": parted,
        "only_table": none,
        "only_feedback": none,
        "fails_open": True,
        "risk": False,
    }
    scene.saw(ACCOUNT, "ses.suppression", Verdict.WARN, "2 are only on SES's list", evidence=evidence)


def counted(scene: Scene) -> None:
    """Our own counts: 6 % of the sends of the last hour failed."""
    failed = [40.0] * (POINTS - 4) + [260.0] * 4
    evidence = {
        "own": True,
        "from": format_time(scene.clock.now() - timedelta(minutes=15 * POINTS)),
        "sent": [4000.0] * POINTS,
        "failed": failed,
        "suppressed": [0.0] * (POINTS - 1) + [3.0],
        "fraction": 0.061,
    }
    words = "6.10 % of 17,040 sends failed in the last hour"
    scene.saw(ACCOUNT, "ses.failure", Verdict.WARN, words, evidence=evidence)


def asked(scene: Scene) -> None:
    """One action of the queue of calls."""
    evidence = {"last_minute": 7, "per_minute": 60, "waiting": 1, "answered_s": 4.0, "failing": ""}
    scene.saw(ACCOUNT, "ses.calls", Verdict.OK, "19 calls in the last minute")
    scene.saw(ACCOUNT, "ses.calls", Verdict.OK, "7 of 60", vantage="get_account", evidence=evidence)


class Answers:
    """What children would answer."""

    def __init__(self) -> None:
        self.trouble = ""
        self.asked: list[tuple[str, ...]] = []

    async def ask(self, words: Sequence[str], *, patience_s: float = 60.0) -> dict[str, Any]:
        if self.trouble:
            raise WorldError(self.trouble)
        self.asked.append(tuple(words))
        if "--simulate" in words:
            return {"checks": TESTED, "green": False}
        if list(words[:2]) == ["estate", "report"]:
            return {"report": "# a report", "checklist": CHECKLIST}
        if words[0] == "estate":
            ages = (("old.example", "s1", -3), ("shop.example", "s2026b", 40), ("pay.example", "s9", 400))
            keys: list[dict[str, Any]] = [
                {
                    "domain": domain,
                    "selector": selector,
                    "days_left": left,
                    "replace_by": "2027-01-02T00:00:00Z",
                    "recorded": left > 0,
                }
                for domain, selector, left in ages
            ]
            keys[1] |= {"ready": READY, "checklist": CHECKLIST}
            return {"keys": keys, "functions": FUNCTIONS, "due": 2, "place": "s3://acme-dkim/dkim-certificates"}
        kinds: tuple[tuple[str, str, list[dict[str, str]]], ...] = (
            ("table", "ok", []),
            ("function", "drift", [{"what": "code", "now": "a", "wanted": "b"}]),
            ("role", "absent", []),
            ("queue", "unknown", []),
        )
        board = [
            {
                "resource": {"kind": kind, "name": f"the-{kind}", "says": "what it is for"},
                "state": state,
                "drift": drift,
                "why": "throttled" if state == "unknown" else "",
            }
            for kind, state, drift in kinds
        ]
        return {"resources": board, "green": False}

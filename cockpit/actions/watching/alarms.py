"""`alarms.off` and `alarms.on`: whether CloudWatch alarms tell anybody.

An alarm without its actions still changes its state, so the cockpit still sees it; but nobody is paged by AWS. Only
the alarms that are not so already are changed, and only those are taken back. Source: CloudWatch
DisableAlarmActions and EnableAlarmActions, at most 100 names a request.

Parameter: `alarms`, names separated by commas; `all` for every alarm of the region.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from cockpit.actions.aws_remedy import AwsRemedy, Intention
from cockpit.actions.cards import Access
from cockpit.actions.contract import Line, Plan, PlanRefused, PlanStep, Request
from cockpit.text import visible

MOST = 100
_ON = {True: "on", False: "off"}
_OPERATION = {True: "cloudwatch:EnableAlarmActions", False: "cloudwatch:DisableAlarmActions"}


class AlarmActions(AwsRemedy):
    """Switches the actions of some alarms."""

    sends: ClassVar[Mapping[str, tuple[str, ...]]] = {"cloudwatch": ("EnableAlarmActions", "DisableAlarmActions")}
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"cloudwatch": ("DescribeAlarms",)}

    def __init__(self, request: Request, access: Access, *, on: bool) -> None:
        super().__init__(request, access)
        self._on = on

    def intend(self, now: datetime) -> Intention:
        """The alarms whose actions are not so already."""
        states = self._states("plan")
        asked = self.asked["alarms"].strip()
        wanted = sorted(states) if asked == "all" else [name.strip() for name in asked.split(",") if name.strip()]
        missing = [name for name in wanted if name not in states]
        if missing or not wanted:
            told = f"There is no alarm {missing[0]!r}" if missing else "There is no alarm"
            raise PlanRefused("NOT_THERE", f"{told} in {self.access.clients.region}.")
        names = [name for name in wanted if states[name] is not self._on]
        if not names or len(names) > MOST:
            code, words = (
                ("TOO_MANY", f"At most {MOST} alarms at once.") if names else ("NOTHING_TO_DO", "They are so.")
            )
            raise PlanRefused(code, words)
        before, desired = dict.fromkeys(names, not self._on), dict.fromkeys(names, self._on)
        lines = [Line("-", name, f"actions {_ON[not self._on]}") for name in names]
        lines += [Line("+", name, f"actions {_ON[self._on]}", f"{_ON[not self._on]} again") for name in names]
        silent = "nobody is told by AWS until they are on again; write down who turns them on, and when"
        return Intention(
            title=f"turn the actions of {_alarms(names)} {_ON[self._on]}",
            before=before,
            desired=desired,
            diff=tuple(sorted(lines, key=lambda line: (line.label, line.sign != "-"))),
            steps=(self._step(names, before, desired, on=self._on),),
            way_back=(self._step(names, desired, before, on=not self._on),),
            undo=f"yes: the same {_alarms(names)} again; the others are not touched",
            message=f"The actions of {_alarms(names)} are {_ON[self._on]}",
            reach=f"{_alarms(names)} of {self.access.clients.region}; no mail",
            proof=() if self._on else (silent,),
            checks=("DescribeAlarms by a fresh client",),
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """Whether each alarm of the plan has its actions."""
        states = self._states(purpose)
        return {name: states.get(name) for name in plan.before}

    def _states(self, purpose: str) -> dict[str, bool]:
        found: dict[str, bool] = {}
        token: dict[str, str] = {}
        while True:
            answer = self.ask(
                purpose,
                "which alarms there are",
                "cloudwatch:DescribeAlarms",
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                **token,
            )
            for each in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
                found[visible(each["AlarmName"])] = bool(each.get("ActionsEnabled", True))
            if not answer.get("NextToken"):
                return found
            token = {"NextToken": answer["NextToken"]}

    def _step(self, names: list[str], before: dict[str, Any], after: dict[str, Any], *, on: bool) -> PlanStep:
        says = f"turn the actions of {_alarms(names)} {_ON[on]}"
        return PlanStep(_OPERATION[on], says, before, after, {"AlarmNames": names})


def _alarms(names: list[str]) -> str:
    return f"{len(names)} alarm{'' if len(names) == 1 else 's'}"

"""The key-age board and the phase-7 checklist, from values alone.

A key is good for 456 days and is spoken of 60 days before that, as the procedure says. What could not be looked at
is unknown, and an unknown item is never ticked off.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.health.model import Verdict

VALID = timedelta(days=456)
NOTICE = timedelta(days=60)


class KeyLine(msgspec.Struct, frozen=True, kw_only=True):
    """One stored key. `recorded` says that its DNS information lies beside it; `size` is in octets."""

    domain: str
    selector: str
    place: str
    made_at: datetime
    size: int
    recorded: bool

    @property
    def ends_at(self) -> datetime:
        """When it is to be replaced at the latest."""
        return self.made_at + VALID

    def days_left(self, now: datetime) -> int:
        """Whole days until then; negative when it is over."""
        return (self.ends_at - now).days

    def verdict(self, now: datetime) -> Verdict:
        """FAIL for one that is too old, WARN from 60 days before."""
        left = self.ends_at - now
        return Verdict.FAIL if left <= timedelta() else Verdict.WARN if left <= NOTICE else Verdict.OK


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether phase 7 can go ahead for one key: each fact True, False, or None where nobody could look."""

    stored: bool | None
    recorded: bool | None
    published: bool | None
    said: str
    dkim_status: str = ""
    origin: str = ""


class Item(msgspec.Struct, frozen=True):
    """One item of the checklist, in the procedure's own words and in ours; `done` is None while unknown."""

    words: str
    says: str
    done: bool | None
    evidence: str


def worst_first(lines: Iterable[KeyLine], now: datetime) -> list[KeyLine]:
    """The keys that end soonest first."""
    return sorted(lines, key=lambda line: (line.days_left(now), line.domain, line.selector))


def newest(lines: Iterable[KeyLine]) -> list[KeyLine]:
    """The key of each domain that was made last."""
    found: dict[str, KeyLine] = {}
    for line in sorted(lines, key=lambda line: line.made_at):
        found[line.domain] = line
    return list(found.values())


def checklist(
    domain: str, selector: str, ready: Readiness, runs: Sequence[Mapping[str, Any]], reported_at: datetime | None
) -> tuple[Item, ...]:
    """The six items. `runs` are finished runs for the domain: remedy, state, at, operator, uid."""
    done = next((each for each in reversed(runs) if each["state"] == "succeeded"), None)
    told = (
        f"{done['remedy']} {done['uid'][:8]}, {done['operator']}, {done['at']:%Y-%m-%d %H:%M}Z"
        if done
        else "no run"
    )
    signs = ready.dkim_status == "SUCCESS" and ready.origin == "EXTERNAL"
    looked = bool(ready.dkim_status)
    return (
        Item("DNS TXTレコード設定完了通知を受信", "the DNS record is there", ready.published, ready.said),
        Item("ドメインと選択子を確認", "domain and selector", True, f"{domain}, {selector}"),
        Item("Lambda関数実行", "the update was run", done is not None, told),
        Item("実行結果確認（statusCode: 200）", "its result was looked at", done is not None, told),
        Item("SES設定最終確認", "SES signs with our key", signs if looked else None,
             f"{ready.dkim_status or 'not known'}, {ready.origin or 'not known'}"),
        Item("Phase-7完了報告", "completion was reported", reported_at is not None or None,
             f"{reported_at:%Y-%m-%d %H:%M}Z" if reported_at else "the completion report tells when"),
    )  # fmt: skip


def report(
    domain: str, selector: str, items: Sequence[Item], key: KeyLine | None, operator: str, at: datetime
) -> str:
    """The completion report as Markdown; what is not proven is left open in it."""
    open_items = [item for item in items[:-1] if item.done is not True]
    state = "完了" if not open_items else f"未完了（{len(open_items)}項目）"
    lines = [
        "# BYODKIM Phase-7 完了報告",
        "",
        f"- ドメイン: {domain}",
        f"- 選択子: {selector}",
        f"- 状態: {state}",
        f"- 報告者: {operator}",
        f"- 報告日時: {at:%Y-%m-%d %H:%M:%S}Z",
    ]
    if key is not None:
        lines.append(
            f"- 鍵の有効期限: {key.ends_at:%Y-%m-%d}（456日、60日前アラート {key.ends_at - NOTICE:%Y-%m-%d}）"
        )
    lines += ["", "## 実行チェックリスト", ""]
    for item in items:
        mark = "x" if item.done is True or item is items[-1] else " "
        lines.append(f"- [{mark}] {item.words} ({item.says}: {item.evidence})")
    return "\n".join(lines) + "\n"

"""The OpenSPF project's test suite for RFC 7208 (release 2014.04), every test of it.

The suite is not ours, so it is not kept here: it comes with the source package of `pyspf`, and `OPENSPF_SUITE`
says where its `rfc7208-tests.yml` lies.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.health.mail.evaluate import check_host
from tests.health.mail.zones import SILENT, Zones

SUITE = os.environ.get("OPENSPF_SUITE", "")

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not SUITE, reason="OPENSPF_SUITE does not say where the OpenSPF suite lies"),
]

Case = tuple[str, dict[str, Any], dict[str, Any]]


def cases() -> Iterator[Case]:
    if not SUITE:
        return
    for scenario in yaml.safe_load_all(Path(SUITE).read_text(encoding="utf-8")):
        for name, test in scenario["tests"].items():
            yield name, test, scenario["zonedata"]


def zones(zonedata: dict[str, Any]) -> Zones:
    """The suite's zones: records of type SPF stand for TXT where a name has no TXT of its own."""
    lines: dict[str, list[tuple[str, str]]] = {}
    for name, entries in zonedata.items():
        own = [_line(entry) for entry in entries]
        if not any(kind == "TXT" for kind, _ in own):
            own += [("TXT", value) for kind, value in own if kind == "SPF"]
        lines[name] = [(kind, value) for kind, value in own if value != "NONE"]
    return Zones(lines)


def _line(entry: Any) -> tuple[str, str]:
    if entry == "TIMEOUT":
        return SILENT, ""
    ((kind, value),) = entry.items()
    if value == "TIMEOUT":
        return kind, SILENT
    if kind == "MX":
        return kind, f"{value[0]} {value[1]}"
    return kind, "".join(value) if isinstance(value, list) else str(value)


@pytest.mark.parametrize(("name", "test", "zonedata"), [pytest.param(*case, id=case[0]) for case in cases()])
async def test_the_result_is_one_that_the_suite_allows(
    name: str, test: dict[str, Any], zonedata: dict[str, Any]
) -> None:
    outcome = await check_host(
        zones(zonedata), test["host"], test["mailfrom"], test["helo"], receiver="receiver.example"
    )
    allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
    assert outcome.result in allowed, f"{outcome.reason}\n{test.get('description')}\n{test.get('comment')}"
    wanted = test.get("explanation")
    if wanted is not None and outcome.result == "fail":
        assert outcome.explanation == ("" if wanted == "DEFAULT" else wanted)


def test_the_suite_is_whole() -> None:
    assert len(list(cases())) == 203

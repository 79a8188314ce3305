"""delv, which validates by itself, and our walk say the same of good and of broken zones."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.drill.dns.chains import Nsec3
from cockpit.drill.dns.records import record_set
from cockpit.health.dnssec.reasons import BOGUS, INSECURE, SECURE
from tests.probes.stage import DOMAIN, WWW, Stage
from tests.probes.stage import stage as staged

pytestmark = pytest.mark.peer


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


@dataclass(frozen=True)
class World:
    """What is done to the domain, what both must say of it, and how delv says it where it is broken."""

    name: str
    do: Callable[[Stage], object]
    status: str = SECURE
    words: str = ""


def unsigned(stage: Stage) -> None:
    stage.shop.set_keys([])
    stage.network.tree.publish_ds(DOMAIN)


def ds(stage: Stage, *texts: str) -> None:
    stage.network.tree.zone("example").put(stage.shop.origin, record_set("DS", 60, list(texts)), by="test")


def ds_of(stage: Stage) -> str:
    return str(stage.shop.keys[0].ds(stage.shop.origin).to_text())


WORLDS = (
    World("good", lambda stage: None),
    World("good by NSEC3", lambda stage: stage.shop.deny_by(Nsec3())),
    World("NSEC3 with salt and iterations", lambda stage: stage.shop.deny_by(Nsec3(b"\xab\xcd", 10))),
    World("parent by NSEC3", lambda stage: stage.network.tree.zone("example").deny_by(Nsec3())),
    World("unsigned", unsigned, INSECURE),
    World("keys without DS", lambda stage: stage.network.tree.zone("example").withdraw(DOMAIN, "DS"), INSECURE),
    World("DS of an unknown algorithm", lambda stage: ds(stage, f"1 253 2 {'AB' * 32}"), INSECURE),
    World("DS of an unknown digest", lambda stage: ds(stage, f"1 13 250 {'AB' * 32}"), INSECURE),
    World("two DS, one unknown", lambda stage: ds(stage, ds_of(stage), f"1 253 2 {'AB' * 32}")),
    World("expired", lambda stage: stage.shop.spoil_signatures("expired"), BOGUS, "RRSIG has expired"),
    World("early", lambda stage: stage.shop.spoil_signatures("not-yet-valid"), BOGUS, "has not begun"),
    World("forged", lambda stage: stage.shop.spoil_signatures("forged"), BOGUS, "broken trust chain"),
    World("no signatures", lambda stage: stage.shop.spoil_signatures("absent"), BOGUS, "broken trust chain"),
    World("wrong DS", lambda stage: stage.shop.roll_key(), BOGUS, "broken trust chain"),
    World("DS over nothing", lambda stage: stage.shop.set_keys([]), BOGUS, "broken trust chain"),
    World(
        "parent expired",
        lambda stage: stage.network.tree.zone("example").spoil_signatures("expired"),
        BOGUS,
        "RRSIG has expired",
    ),
)


def delv() -> str:
    found = shutil.which("delv")
    if found is None:
        pytest.skip("delv is not installed")
    return found


async def delv_says(stage: Stage, folder: Path) -> tuple[str, str]:
    """The status that delv gives the domain's address, and its words."""
    (anchor,) = stage.network.anchors
    fields = f'{anchor.key_tag} {anchor.algorithm} {anchor.digest_type} "{anchor.digest}"'
    trust = folder / "anchor"
    trust.write_text(f'trust-anchors {{ "." static-ds {fields}; }};\n')
    for resolver in stage.network.resolvers.values():
        resolver.flush()
    host, _, port = stage.network.dial["198.51.100.1:53"].rpartition(":")
    process = await asyncio.create_subprocess_exec(
        delv(), "-a", str(trust), "+root=.", "+cd", f"@{host}", "-p", port, WWW, "A",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output = (await process.communicate())[0].decode()
    if "fully validated" in output:
        return SECURE, output
    return (INSECURE if "unsigned answer" in output else BOGUS), output


@pytest.mark.parametrize("world", WORLDS, ids=[world.name for world in WORLDS])
async def test_delv_and_the_walk_agree(stage: Stage, world: World, tmp_path: Path) -> None:
    world.do(stage)
    status, output = await delv_says(stage, tmp_path)
    assert status == world.status, output
    assert world.words in output
    assert (await stage.decide_chain()).evidence["status"] == status


@pytest.mark.parametrize("iterations", [0, 10, 50, 51, 150, 151, 500])
async def test_delv_and_the_walk_draw_the_line_for_iterations_alike(
    stage: Stage, iterations: int, tmp_path: Path
) -> None:
    """Above the limit the proof that the domain has no DS proves nothing; the domain is unsigned either way."""
    stage.network.tree.zone("example").deny_by(Nsec3(iterations=iterations))
    unsigned(stage)
    status, output = await delv_says(stage, tmp_path)
    assert status == INSECURE, output
    assert (await stage.decide_chain()).evidence["status"] == status

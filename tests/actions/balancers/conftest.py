"""The desk with runners as threads, and targets that are put back."""

from collections.abc import Iterator

import pytest

from tests.actions.conftest import LocalWorld
from tests.actions.dns.conftest import Desk, _one_session, desk

__all__ = ["HOST", "NEW", "OLD", "Desk", "_one_session", "desk"]
HOST = "www.pay.example"
OLD, NEW = "10.0.0.10:80", "10.0.1.10:80"
"""The machine behind the host, and the one with the release before."""


@pytest.fixture(autouse=True)
def targets(world: LocalWorld) -> Iterator[None]:
    """What is registered is put back, and what a test broke is mended."""
    elb = world.world.account.elbv2

    def back() -> None:
        elb.targets.broken.clear()
        for balancer in elb._balancers.values():
            for index, host in enumerate(balancer.hosts):
                balancer.targets[host] = [f"10.0.0.{10 + index}"]
                elb.targets._route(balancer, host)

    yield
    world.do(back)

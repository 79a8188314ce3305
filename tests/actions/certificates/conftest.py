"""The desk with runners as threads, and load balancers that present what they presented before."""

from collections.abc import Iterator
from copy import deepcopy

import pytest

from tests.actions.conftest import LocalWorld
from tests.actions.dns.conftest import Desk, _one_session, desk

__all__ = ["Desk", "_one_session", "desk"]
HOST = "www.pay.example"


@pytest.fixture(autouse=True)
def balancers(world: LocalWorld) -> Iterator[None]:
    """What listeners present is put back, and what a test left in ACM is taken out."""
    elb, acm = world.world.account.elbv2, world.world.account.acm

    def kept() -> tuple[dict[str, list[str]], set[str]]:
        return {arn: list(one.certificates) for arn, one in elb._balancers.items()}, set(acm._certificates)

    def back(certificates: dict[str, list[str]], known: set[str]) -> None:
        for arn, held in certificates.items():
            elb._balancers[arn].certificates = held
            elb._install(elb._balancers[arn])
        for arn in set(acm._certificates) - known:
            del acm._certificates[arn]

    held, known = world.do(lambda: deepcopy(kept()))
    yield
    world.do(lambda: back(held, known))

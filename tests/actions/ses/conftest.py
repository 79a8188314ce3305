"""The desk with runners as threads, as the DNS remedies have it, and an account that is put back afterwards."""

from collections.abc import Iterator
from copy import deepcopy

import pytest

from tests.actions.conftest import LocalWorld
from tests.actions.dns.conftest import Desk, _one_session, desk

__all__ = ["Desk", "_one_session", "desk"]


@pytest.fixture(autouse=True)
def account(world: LocalWorld) -> Iterator[None]:
    """Whatever a test did to the account's switches is undone."""
    mail = world.world.mail

    def kept() -> tuple[object, ...]:
        names = ("sending", "enforcement", "production", "suppressed_reasons")
        held = {name: deepcopy(getattr(mail, name)) for name in names}
        sets = {name: one.sending for name, one in mail.configuration_sets.items()}
        return held, sets

    def back(held: dict[str, object], sets: dict[str, bool]) -> None:
        for name, value in held.items():
            setattr(mail, name, value)
        for name, sending in sets.items():
            mail.configuration_sets[name].sending = sending
        for address in ("ann@mail.example", "bob@mail.example", "cid@mail.example"):
            mail.suppression.take(address)

    held, sets = world.do(kept)
    yield
    world.do(lambda: back(held, sets))

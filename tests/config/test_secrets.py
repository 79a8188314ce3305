"""A secret is fetched where it is used; a reference may be shown, the secret never is."""

import keyring
import pytest
from keyring.backend import KeyringBackend

from cockpit.errors import ConfigError, Refused
from cockpit.profile import Profile
from cockpit.secret_reference import is_reference
from cockpit.secrets import resolve


class Chest(KeyringBackend):  # type: ignore[misc]
    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "kept" if (service, username) == ("chat", "ops") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("nothing is written to a keyring")

    def delete_password(self, service: str, username: str) -> None:
        raise AssertionError("nothing is written to a keyring")


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_HOOK", "https://chat.example/canary")
    assert resolve("env:CHAT_HOOK") == "https://chat.example/canary"
    monkeypatch.delenv("CHAT_HOOK")
    with pytest.raises(ConfigError, match="CHAT_HOOK is not set"):
        resolve("env:CHAT_HOOK")


def test_a_secret_comes_from_the_keyring() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Chest())
    try:
        assert resolve("keyring:chat/ops") == "kept"
        with pytest.raises(ConfigError, match="keyring set chat other"):
            resolve("keyring:chat/other")
    finally:
        keyring.set_keyring(before)


def test_a_sink_on_this_machine_is_its_own_answer() -> None:
    assert resolve("url:http://127.0.0.1:8123/chat") == "http://127.0.0.1:8123/chat"


def test_a_profile_that_stays_on_this_machine_does_not_ask_aws() -> None:
    with pytest.raises(Refused, match="stays on this machine"):
        resolve("aws:chat/hook", Profile(name="drill", loopback_only=True))


@pytest.mark.parametrize(
    "text",
    [
        "https://chat.example/canary",
        "url:https://chat.example/canary",
        "url:http://127.0.0.1.evil.example/canary",
        "url:http://127.0.0.1@evil.example/canary",
        "env:",
        "keyring:canary",
        "canary\nenv:X",
        "env:X\n",
    ],
)
def test_what_is_no_reference_is_refused_without_being_repeated(text: str) -> None:
    assert not is_reference(text)
    with pytest.raises(ConfigError) as caught:
        resolve(text)
    assert "canary" not in str(caught.value)

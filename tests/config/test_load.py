"""What `cockpit.yaml` may say, and the sentence for each way of getting it wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config import Settings, load_settings, profile_from, settings_from
from cockpit.config.load import duration_s
from cockpit.config.starter import STARTER
from cockpit.config.yaml_subset import read_yaml
from cockpit.errors import BadInput, ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cockpit.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistake(tmp_path: Path, text: str) -> str:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    return sentence.removeprefix(str(path)).strip()


KEYS = {field.encode_name for field in msgspec.structs.fields(Settings)}


def uncommented(starter: str) -> str:
    lines = []
    for line in starter.splitlines():
        if line.startswith("#  ") or line.removeprefix("# ").partition(":")[0] in KEYS:
            line = line.removeprefix("# ")
        if line in ("domains: []", "people: []"):
            line = line.removesuffix(" []")
        lines.append(line)
    return "\n".join(lines)


def test_the_starter_file_loads_and_is_read_only(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, STARTER))
    assert settings == Settings(read_only=True)


def test_every_example_in_the_starter_file_loads_when_its_comment_sign_is_taken_away(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, uncommented(STARTER)))
    domain = settings.domains[0]
    assert domain.name == "shop.example"
    assert domain.dkim is not None
    assert [host.path for host in domain.hosts] == ["/health", None]
    assert settings.people[0].contact == "+1 613 555 0142"
    assert settings.resolvers[0].address == "8.8.8.8"
    assert settings.alert_routing["critical_alerts"][0].actions[1] == {"slack": "#critical-alerts"}


def test_an_empty_file_is_a_cockpit_that_watches_nothing(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "# nothing yet\n")) == Settings()


def test_yaml_1_2_has_no_norway_problem(tmp_path: Path) -> None:
    document = read_yaml("a: no\nb: on\nc: 0755\nd: 12:30:00\ne: true\nf: 012345678901\ng: 1_000\nh: ~\n", "x")
    assert document.value == {
        "a": "no",
        "b": "on",
        "c": "0755",
        "d": "12:30:00",
        "e": True,
        "f": "012345678901",
        "g": "1_000",
        "h": None,
    }


def test_durations_are_numbers_or_have_a_unit(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "intervals: {dns_s: 5m, tls_s: 1.5h, http_s: 12, ses_rates_s: 250ms}"))
    assert settings.intervals.dns_s == 300
    assert settings.intervals.tls_s == 5400
    assert settings.intervals.http_s == 12
    assert settings.intervals.ses_rates_s == 0.25
    with pytest.raises(BadInput, match="not a duration"):
        duration_s("soon")


def test_an_account_number_is_taken_with_and_without_quotes(tmp_path: Path) -> None:
    for text in ("447112341123", '"447112341123"', "012345678901"):
        settings = load_settings(write(tmp_path, f"aws: {{account: {text}}}"))
        assert settings.aws.account == text.strip('"')


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "domains:\n  - name: a.example\n    hostz: []\n",
            "line 3, domains[0].hostz: there is no such key; did you mean 'hosts'?",
        ),
        (
            "domains:\n - {name: a.example, hosts: [{name: b.example, port: https}]}",
            "line 2, domains[0].hosts[0].port: expected a whole number, found text.",
        ),
        (
            "domains:\n - {name: a.example, hosts: [{name: b.example, port: 70000}]}",
            "line 2, domains[0].hosts[0].port: expected a whole number of at most 65535.",
        ),
        ("theme: blue", "line 1, theme: expected one of 'dark', 'light', 'high-contrast'."),
        ("read_only: no", "line 1, read_only: expected true or false, found text."),
        (
            "intervals: {dns_s: often}",
            "line 1, intervals.dns_s: expected a number or a duration such as 30s, found text.",
        ),
        ("domains:\n  - {owner: x}", "line 2, domains[0]: the key 'name' is missing."),
        ("domains: 3", "line 1, domains: expected a list, found a whole number."),
        ("- a", "line 1: expected a mapping of keys, found a list."),
        ("theme: dark\ntheme: light", "line 2: the key 'theme' is given twice, first in line 1."),
        ("aws: {account: 12}", "line 1, aws.account: expected text that looks like a 12-digit account number."),
        ("theme: &x dark", "line 1: anchors (&) and aliases (*) are not read here; write the value out."),
        ("theme: !!python/name:os.system ''", "line 1: tags (!) are not read here; write a plain value."),
        ("theme: dark\n---\ntheme: light", "line 2: a second document begins; keep one document per file."),
        ("theme: dark\n\tx: 1", "line 2 is not YAML: found a tab character that violates indentation."),
        ("? [a]\n: b", "line 1: a key must be plain text, not a list or a mapping."),
        (
            "domains:\n - name: a.example\n - name: A.example.\n",
            "line 3, domains[1]: 'A.example.' is listed twice, first as number 1.",
        ),
        ("[" * 40, "line 1: values are nested more than 24 deep."),
    ],
)
def test_a_mistake_is_one_sentence_with_line_key_and_what_was_expected(
    tmp_path: Path, text: str, sentence: str
) -> None:
    assert mistake(tmp_path, text) == sentence


def test_control_characters_are_refused_and_never_repeated(tmp_path: Path) -> None:
    assert "\x1b" not in mistake(tmp_path, "theme: \x1b]0;owned\x07")
    assert "\x1b" not in mistake(tmp_path, '"a\\x1b]0;owned": 1')


def test_a_literal_secret_is_refused_without_repeating_it(tmp_path: Path) -> None:
    secret = "https://chat.example/hooks/T0-canary-B0"
    sentence = mistake(tmp_path, f"chat_webhook: {secret}")
    assert "canary" not in sentence
    assert "expected a reference: env:NAME" in sentence


def test_a_sink_on_this_machine_needs_no_reference() -> None:
    settings = settings_from({"chat_webhook": "url:http://127.0.0.1:8123/chat"}, "the drill")
    assert settings.chat_webhook == "url:http://127.0.0.1:8123/chat"
    with pytest.raises(ConfigError):
        settings_from({"chat_webhook": "url:http://127.0.0.1.evil.example/chat"}, "the drill")


def test_a_profile_mapping_is_named_by_its_source_without_a_line() -> None:
    with pytest.raises(ConfigError, match=r"^profile drill, intervals\.dns: there is no such key; did you mean"):
        settings_from({"intervals": {"dns": 3}}, "profile drill")


def test_a_missing_or_binary_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_settings(tmp_path / "none.yaml")
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load_settings(path)


def test_the_production_profile_pins_the_configured_account() -> None:
    profile = profile_from(settings_from({"aws": {"account": "447112341123", "region": "ca-central-1"}}, "x"))
    assert (profile.kind, profile.aws.account, profile.aws.region) == ("prod", "447112341123", "ca-central-1")
    assert [resolver.address for resolver in profile.resolvers] == ["8.8.8.8", "1.1.1.1", "208.67.222.222"]


def answer(tree: Mapping[str, Any]) -> str:
    """What the reader says about `tree`: nothing, or its one sentence."""
    try:
        settings_from(tree, "file")
    except ConfigError as error:
        return str(error)
    return ""


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    try:
        value = read_yaml(text, "file").value
    except ConfigError as error:
        sentence = str(error)
    else:
        sentence = answer({"domains": value})
    assert sentence.isprintable()


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
keys = st.sampled_from(["domains", "intervals", "name", "hosts", "keys", "people", "dns_s", "aws", "account", "zz"])
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(keys, trees, max_size=4))
def test_any_mapping_gives_settings_or_one_sentence(tree: dict[str, object]) -> None:
    sentence = answer(tree)
    assert sentence == "" or sentence.startswith("file")
    assert sentence.isprintable()


def test_more_than_ten_resolvers_are_refused_in_a_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    lines = [f"  - {{name: r{number}, address: 192.0.2.{number}}}" for number in range(1, 12)]
    path.write_text("\n".join(["resolvers:", *lines]) + "\n")
    with pytest.raises(ConfigError, match=r"line 1, resolvers: expected a list with at most 10 entries\."):
        load_settings(path)


def test_the_authority_that_certificates_are_ordered_from_is_configured() -> None:
    assert profile_from(settings_from({}, "x")).acme is None
    assert profile_from(settings_from({"acme": "https://ca.example/directory"}, "x")).acme is not None
    with pytest.raises(ConfigError, match="acme"):
        settings_from({"acme": "http://ca.example/directory"}, "x")


def test_a_closer_watch_asks_fifteen_public_resolvers_unless_ours_are_private() -> None:
    public = profile_from(settings_from({}, "x"))
    assert (len(public.resolvers), len(public.further_resolvers)) == (3, 12)
    assert not {each.address for each in public.resolvers} & {each.address for each in public.further_resolvers}
    private = profile_from(settings_from({"resolvers": [{"name": "ours", "address": "10.0.0.53"}]}, "x"))
    assert private.further_resolvers == ()

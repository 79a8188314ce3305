"""Domains are added to the file that people wrote, and nothing else in it changes."""

from pathlib import Path

import pytest

from cockpit.config import load_settings
from cockpit.config.edit import add_domains, domain_name
from cockpit.config.starter import STARTER
from cockpit.errors import BadInput, ConfigError


def names(path: Path) -> list[str]:
    return [domain.name for domain in load_settings(path).domains]


def test_the_first_domain_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cockpit.yaml"
    assert add_domains(path, ["Shop.Example."]) == ["shop.example"]
    assert names(path) == ["shop.example"]
    assert load_settings(path).read_only
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_further_domain_keeps_comments_order_and_indentation(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    path.write_text(
        "theme: light  # mine\ndomains:   # all of them\n    # shop\n    - name: shop.example\n      owner: X\n"
    )
    assert add_domains(path, ["pay.example", "shop.example", "pay.example"], identity=True) == ["pay.example"]
    assert names(path) == ["pay.example", "shop.example"]
    assert path.read_text() == (
        'theme: light  # mine\ndomains:  # all of them\n    - name: "pay.example"\n      identity: true\n'
        "    # shop\n    - name: shop.example\n      owner: X\n"
    )


def test_a_file_without_domains_gets_the_key(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    path.write_text("theme: light")
    add_domains(path, ["shop.example"])
    assert names(path) == ["shop.example"]
    assert load_settings(path).theme == "light"


def test_what_is_known_already_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.yaml"
    path.write_text(STARTER.replace("domains: []", "domains: [{name: shop.example}]"))
    before = path.read_text()
    assert add_domains(path, ["SHOP.example"]) == []
    with pytest.raises(ConfigError, match="one item per line"):
        add_domains(path, ["pay.example"])
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["cockpit.yaml"]


@pytest.mark.parametrize(
    "text", ["", "shop", "a b.example", "x\n.example", "-a.example", "a..example", "\u202e.example"]
)
def test_what_is_no_domain_name_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        domain_name(text)


def test_a_name_from_any_script_becomes_its_a_label() -> None:
    assert domain_name("Bücher.example") == "xn--bcher-kva.example"

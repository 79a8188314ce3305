"""Domains come from CSV files as people have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config.sources.table import domains_from_csv
from cockpit.errors import BadInput


def test_the_columns_may_stand_in_any_order_and_most_may_be_missing() -> None:
    header = "Owner,Domain,Services,identity,mail_per_hour,hosts"
    text = f"{header}\nWeb,Shop.Example.,orders; mail,yes,41000,www.shop.example\n"
    (found,) = domains_from_csv(text, "x.csv")
    assert found.name == "shop.example"
    assert found.keys == {"owner": "Web", "services": ["orders", "mail"], "identity": True, "mail_per_hour": 41000}
    assert found.hosts == ({"name": "www.shop.example", "path": None},)


def test_bare_names_need_no_header_and_come_once() -> None:
    names = [
        each.name for each in domains_from_csv("# ours\nshop.example\n\npay.example\nshop.example.\n", "x.csv")
    ]
    assert names == ["shop.example", "pay.example"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no domain in x.csv."),
        ("owner,team\n", "The first line names the columns, domain among them"),
        ("shop.example,Web\n", "With more than one column the first line names them"),
        ("domain\nshop\n", "x.csv line 2: 'shop' is not a domain name"),
        ("domain,identity\nshop.example,maybe\n", "x.csv line 2: identity is true or false, not maybe."),
        ("domain,mail_per_hour\nshop.example,-1\n", "x.csv line 2: mail_per_hour is a whole number, not -1."),
        ("domain\nshop.example,1\n", "x.csv line 2 has 2 cells, and the header has 1."),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        domains_from_csv(text, "x.csv")
    assert str(refused.value).startswith(said)


@given(st.text(max_size=120))
def test_any_file_is_read_or_refused(text: str) -> None:
    for content in (text, f"domain,owner\n{text}"):
        try:
            found = domains_from_csv(content, "x.csv")
        except BadInput:
            continue
        assert found

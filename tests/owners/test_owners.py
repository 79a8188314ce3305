"""The owner query holds nothing but a domain, and its result is sorted to the domains that are meant."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import BadInput
from cockpit.owners.query import owner_query
from cockpit.owners.result import owners_from

HEADER = "service_id,service_name,email_domain,owner_name,owner_email,is_active,created_at\n"
DOMAINS = ("shop.example", "mail.shop.example", "pay.example")


def test_the_query_is_that_of_the_process_with_the_domain_in_it() -> None:
    text = owner_query("NovaScotia.ca.")
    assert "s.email_from LIKE '%novascotia.ca%' ESCAPE '\\'" in text
    assert text.rstrip().endswith("ORDER BY\n    s.created_at DESC;")
    assert "[DOMAIN]" not in text


def test_wildcards_are_escaped_and_other_scripts_are_looked_for_in_both_spellings() -> None:
    assert r"LIKE '%\_mail.shop.example%' ESCAPE" in owner_query("_mail.shop.example")
    text = owner_query("québec.example")
    assert "'%xn--qubec-csa.example%'" in text
    assert "'%québec.example%'" in text


@given(st.text(max_size=60))
def test_no_text_gets_out_of_its_quotes(text: str) -> None:
    plain = owner_query("shop.example")
    try:
        query = owner_query(text)
    except BadInput:
        return
    literal = re.compile(r"'(?:[^']|'')*'")
    assert literal.sub("''", query).replace("('' OR '')", "''").count("''") <= 4
    assert query.splitlines()[:2] == plain.splitlines()[:2]
    assert query.count(";") == 1
    assert query.count("--") - query.count("xn--") == 2


@pytest.mark.parametrize("text", ["a' OR 1=1 --", "%", "shop", "shop.example;drop table users", ""])
def test_what_is_no_domain_gets_no_query(text: str) -> None:
    with pytest.raises(BadInput):
        owner_query(text)


def test_a_service_belongs_to_the_deepest_domain_that_it_sends_as() -> None:
    found = owners_from(
        HEADER + "1,Orders,orders@shop.example,Ada,ada@corp.example,true,2024-01-01\n"
        "2,News,news.mail.shop.example,Bo,bo@corp.example,t,2024-01-02\n"
        "3,Old,shop.example,Cy,cy@corp.example,false,2020-01-01\n"
        "4,Other,notshop.example,Di,di@corp.example,true,2024-01-01\n",
        "blazer.csv",
        DOMAINS,
    )
    assert {name: [each.service for each in services] for name, services in found.by_domain.items()} == {
        "shop.example": ["Orders"],
        "mail.shop.example": ["News"],
    }
    assert found.strange == ("notshop.example",)
    assert found.inactive == 1
    (service,) = found.by_domain["shop.example"]
    assert (service.owner, service.email, service.sends_as) == ("Ada", "ada@corp.example", "shop.example")


def test_what_comes_in_is_made_visible() -> None:
    found = owners_from(HEADER + '1,"\x1b[31mRed","shop.example",,,,\n', "x.csv", DOMAINS)
    assert found.by_domain["shop.example"][0].service == "\\u{1b}[31mRed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column service_name and no column email_domain"),
        ("a,b\n", "has no column"),
        (HEADER + "1,2\n", "line 2 has 2 cells, and the header has 7"),
        (HEADER + '1,"x" y,3,4,5,6,7\n', "line 2 is not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        owners_from(text, "blazer.csv", DOMAINS)


@given(st.text(max_size=200))
def test_any_file_is_read_or_refused(text: str) -> None:
    for content in (text, HEADER + text):
        try:
            owners_from(content, "x.csv", DOMAINS)
        except BadInput as error:
            said = str(error)
            assert said.startswith("x.csv ")

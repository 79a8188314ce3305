"""Terraform's JSON is read for the records that it has published, whatever else is in it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config.sources.terraform import expected_from
from cockpit.errors import BadInput

TOKENS = [letter * 32 for letter in "abc"]


def resource(kind: str, **values: Any) -> dict[str, Any]:
    return {"address": f"{kind}.it", "type": kind, "values": values}


def state(*resources: dict[str, Any]) -> str:
    inner = {"child_modules": [{"address": "module.dns", "resources": list(resources)}]}
    return json.dumps({"format_version": "1.0", "values": {"root_module": inner}})


def records(text: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(each.domain, each.name, each.type, each.values) for each in expected_from(text, "state.json")]


def test_tokens_verification_and_records_are_read_out_of_modules() -> None:
    found = records(
        state(
            resource("aws_ses_domain_dkim", domain="shop.example", dkim_tokens=TOKENS[:1]),
            resource("aws_ses_domain_identity", domain="shop.example", verification_token="xyz="),
            resource(
                "aws_route53_record", fqdn="_dmarc.shop.example", type="TXT", records=['"v=DMARC1; " "p=none"']
            ),
            resource("aws_route53_record", name="www.shop.example", type="A", alias=[{"name": "lb"}], records=None),
            resource("aws_s3_bucket", bucket="other"),
        )
    )
    assert found == [
        ("shop.example", "_amazonses.shop.example", "TXT", ("xyz=",)),
        ("shop.example", "_dmarc.shop.example", "TXT", ("v=DMARC1; p=none",)),
        ("shop.example", f"{TOKENS[0]}._domainkey.shop.example", "CNAME", (f"{TOKENS[0]}.dkim.amazonses.com.",)),
    ]


def test_a_sesv2_identity_has_its_tokens_deeper_down() -> None:
    signing = [{"tokens": TOKENS, "status": "SUCCESS"}]
    text = state(
        resource("aws_sesv2_email_identity", email_identity="pay.example", dkim_signing_attributes=signing)
    )
    assert len(records(text)) == 3


def test_outputs_of_any_shape_are_looked_through_and_sensitive_ones_are_not() -> None:
    text = json.dumps(
        {
            "dkim": {"value": {"shop.example": TOKENS, "count": 3}},
            "mx": {"value": [{"name": "shop.example", "type": "MX", "records": ["10 mx.example."]}]},
            "secret": {"sensitive": True, "value": {"pay.example": TOKENS}},
        }
    )
    found = records(text)
    assert [each[0] for each in found] == ["shop.example"] * 4
    assert ("shop.example", "shop.example", "MX", ("10 mx.example.",)) in found


@pytest.mark.parametrize("text", ["", "[]", "{}", "x", '{"a": {"value": 1}}', state(), "[" * 5000])
def test_what_holds_no_record_is_one_sentence(text: str) -> None:
    with pytest.raises(BadInput, match=r"^state.json .*[^.]$|^state.json .*\.$"):
        expected_from(text, "state.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.sampled_from(["shop.example", *TOKENS]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["value", "values", "type", "name", "records", "resources", "shop.example"]), inner
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["values", "format_version", "out"]), _JSON))
def test_no_shape_of_json_is_too_strange(document: dict[str, Any]) -> None:
    try:
        found = expected_from(json.dumps(document), "state.json")
    except BadInput:
        return
    assert all(each.name.endswith(each.domain) for each in found)

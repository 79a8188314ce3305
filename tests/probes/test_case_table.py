"""Every numbered case of the fact sheet has a test that serves it over real sockets, and bears its number.

Its lists without numbers (MX, DNSSEC, TLS and HTTP) have a test each as well, named here line by line.
"""

import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
SERVED = (HERE, HERE.parent / "watch", HERE.parent / "cli")
"""Where tests talk to servers on loopback."""

NUMBERS = range(1, 65)

_IN_NAME = re.compile(r"def test_cases?_((?:\d+_)(?:and_(?:\d+_))*)")
_IN_TABLE = re.compile(r"\bCase\(\s*(\d+),")


def numbered() -> Iterator[tuple[int, str]]:
    """Number and place of every test that names one."""
    for folder in SERVED:
        for path in sorted(folder.rglob("test_*.py")):
            text = path.read_text(encoding="utf-8")
            for match in _IN_NAME.finditer(text):
                for number in re.findall(r"\d+", match[1]):
                    yield int(number), f"{path.name}: {text[match.start() : match.end()]}"
            for match in _IN_TABLE.finditer(text):
                yield int(match[1]), f"{path.name}: a table"


def test_all_sixty_four_cases_have_a_test_of_their_number() -> None:
    found = {number for number, _ in numbered()}
    assert [number for number in NUMBERS if number not in found] == []
    assert found <= set(NUMBERS)


LISTED = {
    "null MX stands alone": "test_mx",
    "MX to CNAME fails": "test_mx",
    "MX to an address literal fails": "test_mx",
    "MTA-STS policy: 200, no redirect, valid TLS": "test_what_senders_would_not_take_is_refused",
    "MTA-STS patterns cover all MX": "test_an_exchanger_that_the_policy_does_not_name_fails_when_it_is_enforced",
    "id unchanged after a change of policy": "test_a_policy_that_changed_under_the_same_id_is_a_warning",
    "MAIL FROM with a second MX": "test_mail_from_with_a_second_mx_fails",
    "MAIL FROM in the wrong region": "test_mail_from_in_another_region_fails",
    "no DS is insecure even with DNSKEY": "test_no_ds_is_insecure_even_with_keys",
    "DS with no matching DNSKEY": "test_a_ds_with_no_matching_key_fails_with_the_record_to_publish",
    "RRSIG expired, of the future": "test_signatures_that_do_not_hold_fail_with_the_reason",
    "RRSIG that ends soon": "test_signatures_in_their_last_days_are_a_warning",
    "DS of unsupported algorithms only": "test_a_ds_of_unsupported_algorithms_only_counts_as_unsigned",
    "NSEC3 iterations": "test_nsec3_with_some_iterations_is_a_warning_and_with_many_unsigned",
    "missing denial is bogus": "test_a_missing_denial_is_bogus",
    "wildcard needs its proof": "test_a_wildcard_answer_needs_its_proof",
    "signed CNAME to an unsigned target": "test_a_signed_alias_to_an_unsigned_zone_is_not_bogus",
    "AD over an untrusted path": "test_the_ad_bit_of_a_resolver_is_not_believed",
    "missing intermediate": "test_a_missing_intermediate_is_named_with_where_it_can_be_had",
    "unused expired cross-sign": "test_the_best_path_leaves_an_expired_cross_sign_aside",
    "intermediate ends before the leaf": "test_an_intermediate_that_ends_before_the_leaf_is_a_warning",
    "CN without SAN": "test_a_certificate_of_each_kind_is_judged_part_by_part",
    "each A and AAAA apart": "test_each_address_is_looked_at_by_itself",
    "certificate without SNI": "test_a_client_that_names_no_host_and_is_shown_another_certificate_is_told",
    "must-staple, staple past nextUpdate": "test_what_is_stapled_counts",
    "fewer SCTs than wanted": "test_a_certificate_of_each_kind_is_judged_part_by_part",
    "lifetime above 200 days": "test_a_lifetime_that_authorities_may_not_give_any_more_is_a_warning",
    "200 with the wrong body": "test_a_page_with_the_wrong_body_fails",
    "redirect to another host": "test_a_redirect_that_is_wanted_is_told_where_it_leads_to_another_host",
}
"""Each line of the lists, and the test that shows its verdict."""


def test_every_line_of_the_lists_without_numbers_has_its_test() -> None:
    text = "".join(
        path.read_text() for place in (HERE, HERE.parent / "health") for path in place.rglob("test_*.py")
    )
    assert [line for line, test in LISTED.items() if f"def {test}(" not in text] == []

"""Timestamps of certificate logs: embedded ones, and those that a stapled OCSP response carries."""

import struct
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from cockpit.clock import SystemClock
from cockpit.drill.pki import CtLog, DrillAuthority
from cockpit.drill.trust import der
from cockpit.drill.trust.ocsp import OcspResponder
from cockpit.probes.trust.timestamps import Logs, timestamps
from cockpit.profile import CtLog as ListedLog
from cockpit.profile import Profile

HOST = "www.shop.example"
EXPLICIT_1 = 0xA1
SCTS_IN_OCSP = bytes.fromhex("060a2b06010401d679020405")
"""The object identifier 1.3.6.1.4.1.11129.2.4.5 (RFC 6962 section 3.3), encoded."""


def vouched(log: CtLog, leaf: x509.Certificate, *, forged: bool = False) -> bytes:
    """A timestamp over a certificate as it stands (LogEntryType x509_entry)."""
    whole, now = leaf.public_bytes(Encoding.DER), int(datetime.now(UTC).timestamp() * 1000)
    signed = struct.pack("!BBQH", 0, 0, now - 1 if forged else now, 0) + len(whole).to_bytes(3) + whole + b"\0\0"
    signature = log._key.sign(signed, ec.ECDSA(hashes.SHA256()))
    head = b"\0" + log.log_id + struct.pack("!Q", now) + b"\0\0"
    return head + b"\x04\x03" + len(signature).to_bytes(2) + signature


def carrying(response: bytes, stamps: list[bytes]) -> bytes:
    """An OCSP response with timestamps among the extensions of its one answer (RFC 6960 section 4.2.1)."""
    listed = b"".join(len(one).to_bytes(2) + one for one in stamps)
    value = der.encoded(der.OCTET_STRING, len(listed).to_bytes(2) + listed)
    extension = der.encoded(der.SEQUENCE, SCTS_IN_OCSP + der.encoded(der.OCTET_STRING, value))
    more = der.encoded(EXPLICIT_1, der.encoded(der.SEQUENCE, extension))
    status, outer = der.elements(der.content(response))
    kind, inner = der.elements(der.content(der.content(outer)))
    data, *rest = der.elements(der.content(der.content(inner)))
    *before, answers = der.elements(der.content(data))
    (single,) = der.elements(der.content(answers))
    answers = der.encoded(der.SEQUENCE, der.encoded(der.SEQUENCE, der.content(single) + more))
    data = der.encoded(der.SEQUENCE, b"".join(before) + answers)
    basic = der.encoded(der.OCTET_STRING, der.encoded(der.SEQUENCE, data + b"".join(rest)))
    return der.encoded(der.SEQUENCE, status + der.encoded(der.EXPLICIT_0, der.encoded(der.SEQUENCE, kind + basic)))


@pytest.mark.parametrize(("forged", "state"), [(False, "good"), (True, "bad-signature")])
def test_stapled_timestamps_count_beside_the_embedded_one(forged: bool, state: str) -> None:
    clock = SystemClock()
    logs = [CtLog(name, clock) for name in ("one", "two")]
    authority = DrillAuthority(clock, logs=logs[:1])
    leaf, issuer = authority.issue(HOST).chain
    staple = carrying(OcspResponder(authority, clock).staple(leaf, "good"), [vouched(logs[1], leaf, forged=forged)])
    listed = Logs(Profile(ct_logs=tuple(ListedLog(log.name, log.key_base64) for log in logs)))
    found = timestamps(leaf, issuer, listed, clock.now(), staple)
    assert [(each["log"], each["source"], each["state"]) for each in found] == [
        ("one", "certificate", "good"),
        ("two", "staple", state),
    ]


@pytest.mark.parametrize("staple", [b"", b"nonsense", b"\x30\x03\x0a\x01\x03"])
def test_a_staple_that_carries_none_or_cannot_be_read_adds_none(staple: bytes) -> None:
    authority = DrillAuthority(SystemClock())
    leaf, issuer = authority.issue(HOST).chain
    assert timestamps(leaf, issuer, Logs(Profile()), datetime.now(UTC), staple) == []

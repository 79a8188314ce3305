"""A new DKIM key (RSA 2048, PKCS#1) straight into S3: it is never on a disk of ours, in a record, or on a screen.

The private bytes exist in one frame of this module. Nothing that is raised can carry that frame: what goes wrong in
it comes back as a value. While they exist the process may not leave a core behind. The key is stored on the
condition that there is none yet, so a key in use is never written over.
"""

import json
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cockpit.actions.aws import AwsClients, sent
from cockpit.actions.contract import EffectRefused, EffectUnknown
from cockpit.actions.ses.signing_key import PublicHalf, public_half
from cockpit.config.settings import ByodkimConfig
from cockpit.errors import Refused
from storage.ledger import Draft

STREAM = "estate"
INTENDED = "estate.key-intended"
SETTLED = "estate.key-settled"
BITS = 2048
_CHUNK = 250
"""Characters of one string of a TXT record; DNS has room for 255."""

Append = Callable[[Sequence[Draft]], object]
Trouble = EffectRefused | EffectUnknown


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """What may be told of a key that was made: where it lies, its fingerprint, and what is to be published."""

    domain: str
    selector: str
    place: str
    bits: int
    sha256: str
    record_name: str
    record_value: str

    @property
    def record(self) -> str:
        """The TXT record in presentation format, in strings that DNS has room for."""
        value = self.record_value
        parts = [value[start : start + _CHUNK] for start in range(0, len(value), _CHUNK)]
        return f"{self.record_name}. 3600 IN TXT " + " ".join(f'"{part}"' for part in parts)


def generate(
    clients: AwsClients,
    where: ByodkimConfig,
    domain: str,
    selector: str,
    *,
    operator: str,
    append: Append,
    now: Callable[[], datetime],
) -> NewKey:
    """Make and store a key and its DNS information; raises Refused, EffectRefused or EffectUnknown."""
    if not where.bucket:
        raise Refused("It is not configured where the DKIM keys lie: set byodkim.bucket.")
    clients.require_changes()
    caller = clients.caller()
    path = f"{where.key_prefix.strip('/')}/{domain}/{selector}/private_key.pem"
    place = f"s3://{where.bucket}/{path}"
    body = {"domain": domain, "selector": selector, "place": place, "account": caller.account, "bits": BITS}
    append([Draft(stream=STREAM, kind=INTENDED, body=body, occurred_at=now(), actor=operator)])
    half, trouble = _stored(clients, where.bucket, path)
    told = {**body, "state": "done" if trouble is None else _state(trouble), "sha256": half.sha256}
    append([Draft(stream=STREAM, kind=SETTLED, body=told, occurred_at=now(), actor=operator)])
    if isinstance(trouble, EffectRefused) and trouble.code == "PreconditionFailed":
        raise Refused(f"{domain} has a key {selector} already, and none is written over: choose another selector.")
    if trouble is not None:
        raise trouble
    made = NewKey(
        domain=domain, selector=selector, place=place, bits=half.bits, sha256=half.sha256,
        record_name=f"{selector}._domainkey.{domain}", record_value=f"v=DKIM1; k=rsa; p={half.record}",
    )  # fmt: skip
    _store_record(clients, where, made, now())
    return made


def _stored(clients: AwsClients, bucket: str, path: str) -> tuple[PublicHalf, Trouble | None]:
    """Generate and store; the public half, and what went wrong. The only frame that holds the private bytes."""
    client = clients.changer("s3", ("PutObject",))
    with no_core():
        key = generate_private_key(65537, BITS)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        trouble = sent(
            "The key",
            lambda: client.put_object(
                Bucket=bucket,
                Key=path,
                Body=pem,
                ContentType="application/x-pem-file",
                ServerSideEncryption="AES256",
                IfNoneMatch="*",
            ),
        )
        return public_half(key), trouble


def _store_record(clients: AwsClients, where: ByodkimConfig, made: NewKey, at: datetime) -> None:
    """Keep what is to be published beside the keys, as the DNS team's notifier reads it."""
    told = {
        "domain": made.domain,
        "selector": made.selector,
        "record_name": made.record_name,
        "record_type": "TXT",
        "record_value": made.record_value,
        "generated_at": at.isoformat(),
    }
    client = clients.changer("s3", ("PutObject",))
    path = f"{where.records_prefix.strip('/')}/{made.domain}/{made.selector}.json"
    trouble = sent(
        "The DNS information",
        lambda: client.put_object(
            Bucket=where.bucket,
            Key=path,
            Body=json.dumps(told, indent=2).encode(),
            ContentType="application/json",
            ServerSideEncryption="AES256",
        ),
    )
    if trouble is not None:
        raise trouble


@contextmanager
def no_core() -> Iterator[None]:
    """No core is left behind if the process dies inside the block."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def _state(trouble: Trouble) -> str:
    return "refused" if isinstance(trouble, EffectRefused) else "unknown"

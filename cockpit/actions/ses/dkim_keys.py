"""The DKIM keys in S3: `<prefix>/<domain>/<selector>/private_key.pem`, and the DNS information beside them.

Private key bytes exist in one frame of this module only, and leave it only towards the request that carries them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from cockpit.actions.aws import AwsClients, reading
from cockpit.actions.contract import EffectRefused, EffectUnknown, PlanRefused
from cockpit.actions.ses.signing_key import BadKeyError, PublicHalf, public_half, read_private_key, ses_form
from cockpit.errors import WorldError
from cockpit.text import visible

CERTIFICATE_NOT_FOUND = "CERTIFICATE_NOT_FOUND"
_MAX_KEY_BYTES = 20_480

Sending = Callable[[str], EffectRefused | EffectUnknown | None]


class DkimKeys:
    """The stored keys of one domain. `scope` names `bucket`, `key_prefix` and `records_prefix`."""

    def __init__(self, clients: AwsClients, scope: Mapping[str, Any], domain: str) -> None:
        self._clients = clients
        self._domain = domain
        self._bucket = str(scope.get("bucket") or "")
        self._key_prefix = str(scope.get("key_prefix") or "dkim-certificates").strip("/")
        self._records_prefix = str(scope.get("records_prefix") or "dns_records").strip("/")

    def place(self, selector: str) -> str:
        """Where the key of `selector` lies, as an S3 URI."""
        return f"s3://{self._bucket}/{self._path(selector)}"

    def public(self, selector: str) -> PublicHalf:
        """The public half of the stored key; raises PlanRefused (CERTIFICATE_NOT_FOUND) with the reason."""
        half, trouble, _ = self._with_key(selector, None, None)
        if half is None:
            raise PlanRefused(CERTIFICATE_NOT_FOUND, f"{self.place(selector)}: {trouble}.")
        return half

    def hand_over(self, selector: str, sha256: str, send: Sending) -> EffectRefused | EffectUnknown | None:
        """Let `send` carry the key, in the form SES wants, if it still is the one with fingerprint `sha256`.

        Gives what `send` gave, or EffectRefused when nothing was sent.
        """
        half, trouble, outcome = self._with_key(selector, sha256, send)
        if half is None:
            return EffectRefused(CERTIFICATE_NOT_FOUND, f"{self.place(selector)}: {trouble}. Nothing was sent.")
        return outcome

    def require_records(self) -> None:
        """Raise PlanRefused unless the DNS information of the earlier phases is there."""
        path = f"{self._records_prefix}/{self._domain}/"
        place = f"s3://{self._bucket}/{path}"
        try:
            listed = reading(
                "what the DNS records are",
                lambda: self._clients.reader("s3").list_objects_v2(Bucket=self._bucket, Prefix=path, MaxKeys=1),
            )
        except WorldError as error:
            raise PlanRefused(CERTIFICATE_NOT_FOUND, f"{place}: {error}") from None
        if not listed.get("KeyCount"):
            raise PlanRefused(
                CERTIFICATE_NOT_FOUND, f"There is no DNS information under {place}: finish phases 1 to 6 first."
            )

    def _path(self, selector: str) -> str:
        if not self._bucket:
            raise PlanRefused(
                CERTIFICATE_NOT_FOUND, "It is not configured where the DKIM keys lie: set byodkim.bucket."
            )
        return f"{self._key_prefix}/{self._domain}/{selector}/private_key.pem"

    def _with_key(
        self, selector: str, sha256: str | None, send: Sending | None
    ) -> tuple[PublicHalf | None, str, EffectRefused | EffectUnknown | None]:
        """Fetch the private key and hand it to `send`: public half, trouble, outcome of the sending.

        Troubles come back as values, because the traceback of an exception raised from here would hold this
        frame's variables.
        """
        path = self._path(selector)
        try:
            found = reading(
                "where the key is", lambda: self._clients.reader("s3").get_object(Bucket=self._bucket, Key=path)
            )
            pem = found["Body"].read(_MAX_KEY_BYTES + 1)
            if len(pem) > _MAX_KEY_BYTES:
                return None, "the object is too large for a key", None
            key = read_private_key(pem)
        except (BadKeyError, WorldError) as error:
            return None, visible(error).rstrip("."), None
        except Exception as error:
            # The body is a stream: what breaks while it is read belongs to the SDK or to its transport.
            return None, f"reading it failed ({type(error).__name__})", None
        half = public_half(key)
        if sha256 is not None and half.sha256 != sha256:
            return None, f"the key was exchanged after the plan was made (now {half.fingerprint})", None
        return half, "", send(ses_form(key)) if send else None

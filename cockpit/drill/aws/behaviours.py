"""What the account's Lambda functions do: the BYODKIM manager, the DNS notifier, the SES notification handler.

The contracts are those of the phase-7 procedure and of the SES compliance deployment. They call AWS as their own
role, so that faults meet them and the call log shows what they changed.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from typing import Any

from cockpit.drill.aws.functions import Behaviour, Context
from cockpit.drill.aws.names.lookup import Lookup
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.ses.dkim import published_keys
from cockpit.drill.aws.ses.identity import selector_name
from cockpit.drill.clock import DrillClock

DKIM_MANAGER = "aws-ses-migration-prod-dkim-manager-v2"
DNS_NOTIFIER = "aws-ses-migration-prod-dns-notifier"
NOTIFICATION_HANDLER = "ses-notification-handler"
UPDATE = "update_ses_byodkim_automated"
_LOOK_S = 0.05
_PATIENCE_S = 45.0
"""Real seconds after which the manager answers with whatever SES says, so that its caller does not give up."""

Act = Callable[[str, str, str, Mapping[str, Any]], Mapping[str, Any]]
"""Call AWS: service, operation, the caller's ARN, parameters; raises AwsError."""


class DkimManager:
    """Phase 7: DNS first, then the key from S3, then SES; DKIM is switched off when SES refuses."""

    def __init__(self, act: Act, lookup: Lookup, clock: DrillClock, patience: timedelta) -> None:
        """`patience`, in scenario time, is how long it waits for SES to verify the new key."""
        self._act = act
        self._lookup = lookup
        self._clock = clock
        self._patience = patience

    async def __call__(self, event: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Answer as the procedure documents it; AWS failures become its error codes."""
        if event.get("action") != UPDATE:
            return _refused(400, "UNSUPPORTED_ACTION", f"Action {event.get('action')} is not implemented.")
        domain, selector = str(event.get("domain", "")), str(event.get("selector", ""))
        if not domain or not selector:
            return _refused(400, "MISSING_PARAMETER", "domain and selector are required.")
        name = selector_name(selector, domain)
        context.log(f"Phase 1: TXT {name}")
        if not published_keys(self._lookup(name, "TXT")):
            message = f"DNS TXT record for {name} is not yet available. Please wait for DNS propagation."
            return _refused(400, "DNS_TXT_NOT_READY", message)
        context.log("Phase 2: certificate from S3")
        bucket = context.environment.get("DKIM_BUCKET", "")
        try:
            key = self._private_key(context, bucket, domain, selector)
        except AwsError as error:
            context.log(f"{error.code}: {error.message}")
            message = f"Certificate or DNS information for {domain} ({selector}) was not found in S3."
            return _refused(404, "CERTIFICATE_NOT_FOUND", message)
        context.log("Phase 3: SES BYODKIM update")
        return await self._update(context, domain, selector, key)

    async def _update(self, context: Context, domain: str, selector: str, key: str) -> Mapping[str, Any]:
        signing = {"DomainSigningSelector": selector, "DomainSigningPrivateKey": key}
        change = {"EmailIdentity": domain, "SigningAttributesOrigin": "EXTERNAL", "SigningAttributes": signing}
        try:
            self._ses(context, "GetEmailIdentity", EmailIdentity=domain)
            self._ses(context, "PutEmailIdentityDkimSigningAttributes", **change)
            self._ses(context, "PutEmailIdentityDkimAttributes", EmailIdentity=domain, SigningEnabled=True)
            dkim = await self._settled(context, domain)
        except AwsError as error:
            context.log(f"{error.code}: {error.message}")
            return self._roll_back(context, domain, error)
        return {
            "statusCode": 200,
            "message": "SES BYODKIM update completed successfully",
            "domain": domain,
            "selector": selector,
            "final_dkim_status": dkim["Status"],
            "signing_origin": dkim["SigningAttributesOrigin"],
            "timestamp": self._clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "automation_type": "lambda_extension",
        }

    async def _settled(self, context: Context, domain: str) -> Mapping[str, Any]:
        """The DKIM attributes once they are no longer PENDING, or when patience ends."""
        loop = asyncio.get_running_loop()
        end, until = loop.time() + _PATIENCE_S, self._clock.elapsed() + self._patience
        while True:
            dkim: Mapping[str, Any] = self._ses(context, "GetEmailIdentity", EmailIdentity=domain)["DkimAttributes"]
            if dkim["Status"] != "PENDING" or loop.time() > end or self._clock.elapsed() > until:
                return dkim
            await asyncio.sleep(_LOOK_S)

    def _roll_back(self, context: Context, domain: str, error: AwsError) -> Mapping[str, Any]:
        """What the procedure calls a rollback: DKIM off, which leaves mail unsigned."""
        try:
            self._ses(context, "PutEmailIdentityDkimAttributes", EmailIdentity=domain, SigningEnabled=False)
            rolled_back = True
        except AwsError:
            rolled_back = False
        told = _refused(500, "SES_UPDATE_FAILED", f"SES update failed: {error.code}: {error.message}")
        return told | {"rollback": "DKIM_DISABLED" if rolled_back else "FAILED"}

    def _ses(self, context: Context, operation: str, **parameters: Any) -> Mapping[str, Any]:
        return self._act("sesv2", operation, context.caller, parameters)

    def _private_key(self, context: Context, bucket: str, domain: str, selector: str) -> str:
        """The key as SES wants it: PKCS#1 in DER, base64; raises AwsError when anything is missing."""
        where = {"Bucket": bucket, "Key": f"dkim-certificates/{domain}/{selector}/private_key.pem"}
        pem = self._act("s3", "GetObject", context.caller, where)["Body"]
        listed = {"Bucket": bucket, "Prefix": f"dns_records/{domain}/"}
        if not self._act("s3", "ListObjectsV2", context.caller, listed)["Contents"]:
            raise AwsError("NoSuchKey", "There is no DNS information.", 404)
        return _pkcs1(pem)


class DnsNotifier:
    """Mails the DNS team, by way of SNS, what is to be published."""

    def __init__(self, act: Act) -> None:
        self._act = act

    def __call__(self, event: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """`{domain}`; answers with the records that were sent."""
        domain, caller = str(event.get("domain", "")), context.caller
        bucket = context.environment.get("DKIM_BUCKET", "")
        try:
            listed = {"Bucket": bucket, "Prefix": f"dns_records/{domain}/"}
            keys = [item["Key"] for item in self._act("s3", "ListObjectsV2", caller, listed)["Contents"]]
            if not domain or not keys:
                return _refused(404, "DNS_RECORDS_NOT_FOUND", f"No DNS records are stored for {domain}.")
            bodies = [self._act("s3", "GetObject", caller, {"Bucket": bucket, "Key": key})["Body"] for key in keys]
            letter = {
                "TopicArn": context.environment.get("DNS_TOPIC_ARN", ""),
                "Subject": f"DNS records for {domain}",
                "Message": "\n".join(body.decode("utf-8", "replace") for body in bodies),
            }
            sent = self._act("sns", "Publish", caller, letter)
        except AwsError as error:
            return _refused(500, "NOTIFICATION_FAILED", f"{error.code}: {error.message}")
        context.log(f"sent {len(keys)} records of {domain}")
        return {"statusCode": 200, "domain": domain, "records": len(keys), "message_id": sent["MessageId"]}


class NotificationHandler:
    """Permanent bounces and all complaints go on the suppression list; transient bounces are logged only."""

    def __init__(self, act: Act, clock: DrillClock) -> None:
        self._act = act
        self._clock = clock

    def __call__(self, event: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """An SNS event of SES notifications, of either shape; answers with how many addresses were suppressed."""
        suppressed = 0
        for record in event.get("Records", []):
            try:
                notification = json.loads(record["Sns"]["Message"])
            except (KeyError, TypeError, ValueError):
                context.log("a record without an SES notification")
                continue
            suppressed += self._handle(notification, context)
        return {"statusCode": 200, "suppressed": suppressed}

    def _handle(self, notification: Mapping[str, Any], context: Context) -> int:
        kind = notification.get("notificationType", notification.get("eventType", ""))
        if kind == "Bounce":
            bounce = notification["bounce"]
            addresses = [item["emailAddress"] for item in bounce["bouncedRecipients"]]
            if bounce["bounceType"] == "Permanent":
                return self._suppress(addresses, "bounce", str(bounce.get("bounceSubType", "")), context)
            for address in addresses:
                context.log(f"Transient bounce for {address} - not adding to suppression list")
        elif kind == "Complaint":
            complaint = notification["complaint"]
            addresses = [item["emailAddress"] for item in complaint["complainedRecipients"]]
            return self._suppress(addresses, "complaint", str(complaint.get("complaintFeedbackType", "")), context)
        return 0

    def _suppress(self, addresses: list[str], reason: str, detail: str, context: Context) -> int:
        table = context.environment.get("SUPPRESSION_LIST_TABLE", "")
        done = 0
        for address in addresses:
            item = {
                "email": {"S": address.lower()},
                "reason": {"S": reason},
                "detail": {"S": detail},
                "added_at": {"S": self._clock.now().isoformat(timespec="seconds")},
            }
            try:
                self._act("dynamodb", "PutItem", context.caller, {"TableName": table, "Item": item})
            except AwsError as error:
                context.log(f"Error adding {address} to suppression list: {error.code}")
                continue
            context.log(f"Added {address} to suppression list ({reason})")
            done += 1
        return done


def behaviours(act: Act, lookup: Lookup, clock: DrillClock, patience: timedelta) -> dict[str, Behaviour]:
    """What each function does, by its name."""
    return {
        DKIM_MANAGER: DkimManager(act, lookup, clock, patience),
        DNS_NOTIFIER: DnsNotifier(act),
        NOTIFICATION_HANDLER: NotificationHandler(act, clock),
    }


def _refused(status: int, error: str, message: str) -> dict[str, Any]:
    return {"statusCode": status, "error": error, "message": message}


def _pkcs1(pem: bytes) -> str:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(pem, password=None)
    except ValueError:
        raise AwsError("NoSuchKey", "The stored object is not a private key.", 404) from None
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return base64.b64encode(der).decode()

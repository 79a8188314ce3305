"""Every remedy but one with parameters that a quiet world lets it plan, or refuse for a reason of its own."""

from tests.actions.conftest import DOMAIN, SELECTOR

_HOST = "www.pay.example"
ASKED: dict[str, dict[str, str]] = {
    "ses.restore-dkim": {"domain": DOMAIN, "to": SELECTOR},
    "ses.dkim-on": {"domain": DOMAIN},
    "ses.dkim-off": {"domain": DOMAIN},
    "ses.mail-from": {"domain": DOMAIN},
    "ses.pause": {"what": "campaigns"},
    "ses.resume": {"what": "account"},
    "ses.suppress": {"addresses": "ann@mail.example"},
    "ses.unsuppress": {"addresses": "ann@mail.example"},
    "ses.suppression-reasons": {"reasons": "none"},
    "ses.production-access": {"site": "https://www.shop.example", "text": "Receipts."},
    "ses.support-case": {"subject": "SES paused", "text": "Please review."},
    "dns.publish": {"name": f"x.{DOMAIN}", "type": "A", "values": "192.0.2.1"},
    "dns.restore-record": {"name": f"www.{DOMAIN}", "type": "A"},
    "dns.restore-zone": {"domain": DOMAIN},
    "dns.lower-ttl": {"name": f"www.{DOMAIN}", "type": "A", "ttl": "10"},
    "dns.ds": {"domain": DOMAIN, "action": "remove"},
    "dns.dnssec-off": {"domain": DOMAIN},
    "dns.dnssec-roll": {"domain": DOMAIN},
    "dns.clear-challenges": {"domain": DOMAIN},
    "cert.renew": {"host": _HOST},
    "lb.switch-certificate": {"host": _HOST},
    "cert.replace": {"host": _HOST, "certificate": "/nowhere", "key": "/nowhere"},
    "cert.revoke-response": {"host": _HOST},
    "lambda.invoke": {"function": "aws-ses-migration-prod-dns-notifier", "payload": '{"domain": "shop.example"}'},
    "alarms.on": {"alarms": "all"},
    "alarms.off": {"alarms": "all"},
    "monitoring.enhance": {"domain": DOMAIN},
    "command.run": {"target": "x", "says": "x", "apply": "true", "check": "true"},
    "kubectl.rollout-undo": {"deployment": "api"},
    "kubectl.rollout-restart": {"deployment": "api"},
    "gcloud.switch-certificate": {"proxy": "web", "certificate": "web-2", "former": "web-1"},
    "mongosh.step-down": {"host": "db1.shop.example"},
}

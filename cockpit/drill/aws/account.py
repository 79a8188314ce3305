"""The whole simulated account: its services, wired to each other and to the world around it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from cockpit.drill.aws.balancing.acm import Acm, Issuer
from cockpit.drill.aws.balancing.balancer import Sites
from cockpit.drill.aws.balancing.elbv2 import Elbv2
from cockpit.drill.aws.behaviours import behaviours
from cockpit.drill.aws.functions import Functions
from cockpit.drill.aws.iam import Iam
from cockpit.drill.aws.messaging.signing import CERTIFICATE_PATH
from cockpit.drill.aws.messaging.sns import Sns
from cockpit.drill.aws.messaging.sqs import Sqs
from cockpit.drill.aws.names.lookup import Lookup
from cockpit.drill.aws.names.route53 import Route53, Zones
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.wire import AwsEndpoint, Service
from cockpit.drill.aws.ses.feedback import Feedback
from cockpit.drill.aws.ses.identity import Timings
from cockpit.drill.aws.ses.mail import MailAccount
from cockpit.drill.aws.ses.returns import Returns
from cockpit.drill.aws.ses.ses_account import SesAccount
from cockpit.drill.aws.ses.ses_classic import SesClassic
from cockpit.drill.aws.ses.ses_configuration import SesConfiguration
from cockpit.drill.aws.ses.ses_suppression import SesSuppression
from cockpit.drill.aws.ses.sesv2 import SesV2
from cockpit.drill.aws.ses.traffic import Quantity, Traffic
from cockpit.drill.aws.stores.dynamodb import DynamoDb
from cockpit.drill.aws.stores.s3 import S3
from cockpit.drill.aws.stores.secret_store import SecretStore
from cockpit.drill.aws.sts import Sts
from cockpit.drill.aws.support import Support
from cockpit.drill.aws.tagging import DIALECTS, Tagging
from cockpit.drill.aws.watching.alarms import Alarm
from cockpit.drill.aws.watching.cloudwatch import CloudWatch
from cockpit.drill.aws.watching.health import Health
from cockpit.drill.aws.watching.logs import Logs
from cockpit.drill.clock import DrillClock
from cockpit.drill.estate.company import CAMPAIGN_SENDER, CAMPAIGN_SET, FEEDBACK_TOPIC, mail_shares


class Account:
    """One account in one region, behind one endpoint: start and close the endpoint, and `tick` the account.

    `callers` maps access key ids to the ARN that signs with them; `levels` are the usual heights of mail curves;
    `publish` puts a key of SES's own under a name of its own zone; `own_metrics` is the namespace in
    which the company counts its mail itself, empty for none.
    """

    def __init__(
        self,
        place: Place,
        clock: DrillClock,
        *,
        lookup: Lookup,
        zones: Zones,
        timings: Timings,
        levels: Mapping[Quantity, float],
        callers: Mapping[str, str],
        publish: Callable[[str, str], None],
        issuer: Issuer,
        sites: Sites,
        alarms: Sequence[Alarm] = (),
        own_metrics: str = "",
    ) -> None:
        self.place = place
        self.traffic = Traffic(dict(levels))
        self.s3 = S3(clock.now() - timedelta(days=400), place.region)
        self.logs = Logs(place, clock)
        self.functions = Functions(place, clock, self.logs)
        self.sqs = Sqs(place, clock, lambda: self.endpoint.url)
        self.sns = Sns(place, clock, lambda: self.endpoint.url, self.sqs, self.functions)
        feedback = Feedback(place, self.sns.notify)
        self.mail = MailAccount(clock, lookup, self.traffic, timings, place.region, feedback, publish)
        self.cloudwatch = CloudWatch(place, self.traffic, alarms, self.sns.notify, own_metrics, mail_shares())
        self.dynamodb = DynamoDb(place, clock)
        self.health = Health(place)
        self.support = Support(place)
        self.iam = Iam(place, clock)
        self.secrets = SecretStore(place)
        self.acm = Acm(place, clock, lookup, issuer, timings)
        self.elbv2 = Elbv2(place, clock, self.acm, sites)
        self.returns = Returns(place, self.traffic, self.sns.notify, self.mail.suppression)
        self.tagging = Tagging()
        self._clock = clock
        self._enforcement = self.mail.enforcement
        built = [Sts(callers), *self._mail_services(), Route53(zones, clock, timings), *self._stores()]
        services = [self.tagging.around(each) if each.name in DIALECTS else each for each in built]
        self.endpoint = AwsEndpoint(services, callers, clock)
        self.endpoint.pages[CERTIFICATE_PATH] = self.sns.signer.certificate
        self.functions.behaviours |= behaviours(self.endpoint.act, lookup, clock, timings.phase_7_patience)

    def _mail_services(self) -> list[Service]:
        """SES in both its versions, and what measures it."""
        return [
            SesV2(self.mail),
            SesAccount(self.place, self.mail),
            SesConfiguration(self.mail),
            SesSuppression(self.mail, self.s3.fetch),
            SesClassic(self.mail, self.sns.knows),
            self.cloudwatch,
        ]

    def _stores(self) -> list[Service]:
        """The services that stand by themselves."""
        return [
            self.s3,
            self.sns,
            self.sqs,
            self.dynamodb,
            self.functions,
            self.logs,
            self.acm,
            self.elbv2,
            self.health,
            self.support,
            self.iam,
            self.secrets,
        ]

    def tick(self, now: datetime) -> list[str]:
        """Let everything happen that is due; a sentence for each change of state."""
        self.returns.tick(now, self.place.arn("sns", FEEDBACK_TOPIC), CAMPAIGN_SENDER, CAMPAIGN_SET)
        proved = self.acm.tick(now, self._clock.elapsed())
        return [*self.mail.tick(), *self.cloudwatch.tick(now), *proved, *self._announce(now)]

    def _announce(self, now: datetime) -> list[str]:
        """Let AWS Health say that sending was paused, once each time that it is."""
        before, self._enforcement = self._enforcement, self.mail.enforcement
        if self._enforcement != "SHUTDOWN" or before == "SHUTDOWN":
            return []
        self.health.sending_paused(now)
        return ["AWS Health: a closed event tells that SES has paused the account"]

    def warm(self) -> None:
        """Load and make beforehand what the first calls would wait for; meant for a thread."""
        self.endpoint.warm()
        self.sns.signer.warm()

"""`cockpit iam`: the least that AWS must allow for what the cockpit does there."""

import click
import msgspec

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json
from cockpit.cli.session import Session
from cockpit.ses.permissions import READ, ROLES, Where, policy, secrets_in


@click.command(cls=Command, example="cockpit iam --role ingest")
@click.option("--role", type=click.Choice(ROLES), default=READ, help="For which role; read is the default.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, which a policy is anyway.")
@click.pass_obj
def command(session: Session, role: str, json_wanted: bool) -> int:
    """Print a policy for one role, as narrow as the configuration lets it be.

    `read` looks at SES, load balancers and zones, `ingest` works the feedback queue off, `remediate` is what all
    remedies need, `messages` tells people by SES and by text message and opens cases at AWS Support, `provision`
    makes the compliance kit and new DKIM keys.

    The cockpit never calls KMS. AWS does, in the caller's name, where a bucket, a queue, a table or a secret is
    encrypted with a KMS key of your own: allow `kms:Decrypt` for that key besides, and `kms:GenerateDataKey` for
    `provision`. No policy here names it, because no configuration says which key that is.
    """
    aws, settings = session.profile.aws, session.settings
    where = Where(
        account=aws.account,
        region=aws.region,
        queue=settings.ses.feedback_queue,
        table=settings.ses.suppression_table,
        bucket=settings.byodkim.bucket,
        secrets=secrets_in(msgspec.to_builtins(settings)),
    )
    as_json(policy(role, where))
    return 0

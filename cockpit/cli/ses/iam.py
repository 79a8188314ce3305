"""`cockpit iam`: the least that AWS must allow for what the cockpit does there."""

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json
from cockpit.cli.session import Session
from cockpit.ses.permissions import READ, ROLES, Where, policy


@click.command(cls=Command, example="cockpit iam --role ingest")
@click.option("--role", type=click.Choice(ROLES), default=READ, help="For which role; read is the default.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, which a policy is anyway.")
@click.pass_obj
def command(session: Session, role: str, json_wanted: bool) -> int:
    """Print a policy for one role, as narrow as the configuration lets it be.

    `read` looks at SES, `ingest` works the feedback queue off, `remediate` is what all remedies need, `provision`
    makes the compliance kit and new DKIM keys.
    """
    aws, ses = session.profile.aws, session.settings.ses
    bucket = session.settings.byodkim.bucket
    as_json(policy(role, Where(aws.account, aws.region, ses.feedback_queue, ses.suppression_table, bucket)))
    return 0

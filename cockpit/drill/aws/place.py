"""Where the simulated account is: the parts of every ARN."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One region of one account."""

    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """The Amazon Resource Name of something in this region; IAM's have none."""
        region = "" if service == "iam" else self.region
        return f"arn:aws:{service}:{region}:{self.account}:{resource}"

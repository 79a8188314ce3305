"""The remedy that runs a function, as it is offered."""

from cockpit.actions.cards import Access, Parameter, RemedyCard
from cockpit.actions.contract import Remedy, Request


def _invoke(request: Request, access: Access) -> Remedy:
    from cockpit.actions.functions.invoke import InvokeFunction

    return InvokeFunction(request, access)


CARDS = (
    RemedyCard(
        name="lambda.invoke",
        title="Run a Lambda function, and see for ourselves what it did",
        parameters={
            "function": Parameter("text", "Name of the function"),
            "payload": Parameter("record-values", "Payload, a JSON object", optional=True, default="{}"),
        },
        target="function",
        make=_invoke,
    ),
)
"""Every remedy that runs a function."""

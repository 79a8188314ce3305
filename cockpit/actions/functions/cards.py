"""The remedy that runs a function, as it is offered."""

from cockpit.actions.cards import Parameter, RemedyCard, made_by

CARDS = (
    RemedyCard(
        name="lambda.invoke",
        title="Run a Lambda function, and see for ourselves what it did",
        parameters={
            "function": Parameter("text", "Name of the function"),
            "payload": Parameter("record-values", "Payload, a JSON object", optional=True, default="{}"),
        },
        target="function",
        make=made_by("functions.invoke:InvokeFunction"),
    ),
)
"""Every remedy that runs a function."""

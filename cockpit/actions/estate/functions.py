"""How the functions around our keys and our mail are set (Lambda GetFunction), held against the configuration."""

from collections.abc import Sequence

from botocore.exceptions import ClientError

from cockpit.actions.aws import AwsClients, reading
from cockpit.errors import WorldError
from cockpit.ses.estate.functions import CONTRACTS, Contract, Expected, FunctionLine, compared, line_of
from cockpit.text import visible


def functions(
    clients: AwsClients, expected: Expected, contracts: Sequence[Contract] = CONTRACTS
) -> list[FunctionLine]:
    """Every function that there may be; one that cannot be read is unknown, and never taken for absent."""
    return [_line(clients, each, expected) for each in contracts]


def _line(clients: AwsClients, contract: Contract, expected: Expected) -> FunctionLine:
    try:
        environment = _environment(clients, contract)
    except WorldError as error:
        return line_of(contract, "unknown", why=str(error))
    return line_of(contract, "absent") if environment is None else compared(contract, environment, expected)


def _environment(clients: AwsClients, contract: Contract) -> dict[str, str] | None:
    """The variables of a function; None where there is no such function."""
    client = clients.reader("lambda")

    def asked() -> dict[str, str] | None:
        try:
            found = client.get_function(FunctionName=contract.name)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return None
            raise
        given = found["Configuration"].get("Environment", {}).get("Variables", {})
        return {str(name): visible(value, limit=300) for name, value in given.items()}

    return reading("what a function is told", asked)

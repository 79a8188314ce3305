"""A drill world for SES and moto as a server, each made once."""

import threading
from collections.abc import Iterator

import pytest

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.profile import Aws, Profile
from tests.worlds import start_world


@pytest.fixture(scope="package")
def world() -> Iterator[LaunchedWorld]:
    """A healthy world at twenty-fold speed."""
    with start_world() as world:
        yield world


@pytest.fixture(scope="package")
def moto() -> Iterator[Profile]:
    """A profile that leads to moto, which we did not write."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    aws = Aws(region="us-east-1", account="123456789012", endpoint=endpoint, access_key="a", secret_key="b")
    yield Profile(aws=aws, loopback_only=True)
    server.shutdown()
    server.server_close()
    thread.join()

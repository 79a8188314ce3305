"""Nothing leaves this machine from inside a drill, whichever library tries; and each attempt is on record."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.drill.fences.guard import Attempts, ProxyTrap, scrubbed_environment, stays_here

OUTSIDE = "192.0.2.77"

ESCAPES = """
import asyncio, json, socket, sys
from cockpit.drill.fences.guard import Escape, install
attempts = install()

def tried(name, action):
    before = attempts.total
    try:
        action()
        outcome = "got out"
    except Exception as error:
        outcome = type(error).__name__
    results[name] = [outcome, attempts.total - before]

def raw_tcp():
    with socket.socket() as channel:
        channel.connect(("192.0.2.77", 443))

def raw_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"x", ("192.0.2.77", 53))

def raw_message():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.sendmsg([b"x"], [], 0, ("192.0.2.77", 53))

def raw_ipv6():
    with socket.socket(socket.AF_INET6) as channel:
        channel.connect(("2001:db8::77", 443))

def use_httpx():
    import httpx
    httpx.get("https://192.0.2.77/", trust_env=False)

def use_httpx_by_name():
    import httpx
    httpx.get("https://www.bank.test/", trust_env=False)

def use_async_httpx():
    import httpx
    async def fetch():
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get("https://192.0.2.77/")
    asyncio.run(fetch())

def use_dnspython():
    import dns.message, dns.query
    dns.query.udp(dns.message.make_query("bank.test", "A"), "192.0.2.77", timeout=1)

def use_async_dnspython():
    import dns.asyncquery, dns.message
    query = dns.message.make_query("bank.test", "A")
    asyncio.run(dns.asyncquery.tcp(query, "192.0.2.77", timeout=1))

def use_boto3():
    import boto3, botocore.config
    client = boto3.client("sts", region_name="ca-central-1", aws_access_key_id="x", aws_secret_access_key="y",
                          config=botocore.config.Config(retries={"total_max_attempts": 1}))
    client.get_caller_identity()

results = {}
for name in [name for name in dir() if name.startswith(("raw_", "use_"))]:
    tried(name, globals()[name])

def here():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(("localhost", server.getsockname()[1])):
            pass
    left, right = socket.socketpair()
    left.close(); right.close()

here()
json.dump({"results": results, "targets": sorted({a.target for a in attempts.seen()})}, sys.stdout)
"""


@pytest.fixture
async def trap() -> AsyncIterator[ProxyTrap]:
    proxy = ProxyTrap(Attempts())
    await proxy.start()
    yield proxy
    await proxy.close()


def test_no_library_gets_out_of_a_guarded_process_and_each_attempt_is_recorded() -> None:
    environment = dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run([sys.executable, "-c", ESCAPES], capture_output=True, env=environment, timeout=60)
    assert ended.returncode == 0, ended.stderr.decode()
    report = json.loads(ended.stdout)
    assert len(report["results"]) == 10
    for name, (outcome, recorded) in report["results"].items():
        assert outcome != "got out", name
        assert recorded >= 1, name
    assert {"192.0.2.77:443", "192.0.2.77:53", "2001:db8::77:443", "www.bank.test"} <= set(report["targets"])
    assert "sts.ca-central-1.amazonaws.com" in report["targets"]


@pytest.mark.parametrize(
    "host", [None, "", "127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST.", "::ffff:127.0.0.1", b"localhost"]
)
def test_what_can_only_mean_this_machine_passes(host: str | bytes | None) -> None:
    assert stays_here(host)


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.77",
        "10.0.0.1",
        "169.254.169.254",
        "::ffff:8.8.8.8",
        "2001:db8::1",
        "localhost.bank.test",
        "bank.test",
    ],
)
def test_what_could_mean_another_machine_does_not(host: str) -> None:
    assert not stays_here(host)


def test_a_scrubbed_environment_holds_no_way_to_credentials_or_out() -> None:
    base = {
        "PATH": "/usr/bin",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_PROFILE": "prod",
        "AWS_SSO_SESSION": "x",
        "AWS_ENDPOINT_URL": "https://elsewhere",
        "https_proxy": "http://corp:3128",
        "No_Proxy": "corp",
        "GOOGLE_APPLICATION_CREDENTIALS": "/key.json",
        "SSH_AUTH_SOCK": "/agent",
        "KUBECONFIG": "/kube",
        "PYTHONPATH": "/mine",
    }
    scrubbed = scrubbed_environment(base, "http://127.0.0.1:9")
    assert scrubbed["PATH"] == "/usr/bin"
    assert {name for name in scrubbed if name.startswith("AWS_")} == {
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_EC2_METADATA_DISABLED",
    }
    assert Path(scrubbed["AWS_CONFIG_FILE"]).read_bytes() == b""
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "http_proxy"):
        assert scrubbed[name] == "http://127.0.0.1:9"
    assert scrubbed["NO_PROXY"] == scrubbed["no_proxy"] == "127.0.0.1,localhost,::1"
    assert not {"GOOGLE_APPLICATION_CREDENTIALS", "SSH_AUTH_SOCK", "No_Proxy"} & set(scrubbed)
    assert scrubbed["KUBECONFIG"] == os.devnull
    assert scrubbed["PYTHONPATH"].split(os.pathsep)[1:] == ["/mine"]
    again = scrubbed_environment(scrubbed, "http://127.0.0.1:9")
    assert again["PYTHONPATH"] == scrubbed["PYTHONPATH"]


async def child(trap: ProxyTrap, *command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=scrubbed_environment(os.environ, trap.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, output.decode(errors="replace")


@pytest.mark.peer
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_curl_dies_in_the_trap(trap: ProxyTrap, scheme: str) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    code, output = await child(trap, curl, "-sS", "--fail", "--max-time", "5", f"{scheme}://{OUTSIDE}/")
    assert code != 0
    assert "403" in output
    (attempt,) = trap.attempts.seen()
    assert OUTSIDE in attempt.target
    assert attempt.process.startswith("curl/")


@pytest.mark.peer
async def test_curl_still_reaches_loopback(trap: ProxyTrap) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    _, output = await child(trap, curl, "-sS", "--max-time", "5", f"{trap.url}/direct")
    assert output == "A drill stays on this machine.\n"
    (attempt,) = trap.attempts.seen()
    assert attempt.target == "/direct"


async def test_a_python_child_is_refused_and_reported_even_with_a_bare_socket(trap: ProxyTrap) -> None:
    script = f"""
        import socket
        try:
            socket.create_connection(("{OUTSIDE}", 443), timeout=5)
        except OSError as error:
            print(error)
    """
    code, output = await child(trap, sys.executable, "-c", textwrap.dedent(script))
    assert code == 0
    assert "is not on this machine" in output
    (attempt,) = trap.attempts.seen()
    assert attempt.how == "socket.getaddrinfo"
    assert attempt.target == OUTSIDE


async def test_a_python_child_that_honours_proxies_ends_in_the_trap(trap: ProxyTrap) -> None:
    script = f"import urllib.request; urllib.request.urlopen('https://{OUTSIDE}/', timeout=5)"
    code, output = await child(trap, sys.executable, "-c", script)
    assert code != 0
    assert "403" in output
    assert trap.attempts.seen()[0].how == "CONNECT"


async def test_the_trap_survives_rubbish_and_what_it_records_is_bounded_and_visible(trap: ProxyTrap) -> None:
    host, _, port = trap.url.removeprefix("http://").rpartition(":")
    for rubbish in (b"\r\n\r\n", b"\xff\x1b[31m x\r\n\r\n", b"x" * 100_000):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(rubbish)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(100_000)
        writer.close()
    assert "\\u{1b}" in trap.attempts.seen()[1].how
    for _ in range(1100):
        trap.attempts.note("CONNECT", "x:443", "test")
    assert len(trap.attempts) == 1000
    assert trap.attempts.total == 1102

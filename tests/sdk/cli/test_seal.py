from __future__ import annotations

import os
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ductape import sealing
from tests.sdk.cli.command import COMMAND, environment
from tests.sdk.loopback import Server, ok
from tests.sdk.samples import ACCESS_KEY

CANARY = "canary-0123456789-wxyz"
PRIVATE = X25519PrivateKey.generate()
PUBLIC = PRIVATE.public_key().public_bytes_raw()
ARGUMENTS = [
    "--product",
    "shop",
    "--model",
    "gpt",
    "--env",
    "dev",
    "--provider",
    "custom",
    "--base-url",
    "https://a.example",
]


@pytest.fixture
def served(server: Server) -> Server:
    key = {"installation": "ins", "product_id": "p1", "pk_id": "pk_1"}
    key |= {"public_key": sealing.b64_encode(PUBLIC), "fingerprint": sealing.fingerprint(PUBLIC)}
    server.on("GET", "/api/v1/products/shop/sealing-key", ok(key))
    return server


def run(server: Server, given: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = environment(DUCTAPE_BASE_URL=server.url, DUCTAPE_ACCESS_KEY=ACCESS_KEY, **more)
    return subprocess.run(
        [COMMAND, "seal", *ARGUMENTS], input=given, env=env, capture_output=True, text=True, check=False
    )


def test_a_key_from_standard_input_is_printed_sealed(served: Server) -> None:
    done = run(served, CANARY + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    info = sealing.provider_key_context("ins", "p1", "pk_1", "gpt", "dev", "custom", "https://a.example")
    assert sealing.open_sealed(sealing.parse(done.stdout.strip()), PRIVATE, info).decode() == CANARY
    assert CANARY.encode() not in b"".join(request.body + repr(request).encode() for request in served.received)


@pytest.mark.parametrize("given", ["", "\n", f"{CANARY} {CANARY}\n", "********wxyz\n"])
def test_what_cannot_be_a_key_is_one_line_that_does_not_repeat_it(served: Server, given: str) -> None:
    done = run(served, given)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ductape: the api_key of env 'dev'")
    assert CANARY not in done.stderr


def test_another_key_than_the_pinned_one_seals_nothing(served: Server) -> None:
    done = run(served, CANARY, DUCTAPE_PRODUCT_KEY_FINGERPRINT="0" * 32)
    assert (done.returncode, done.stdout) == (1, "")
    assert "not the pinned one" in done.stderr


def test_a_key_on_the_command_line_is_not_taken(served: Server) -> None:
    env = {**os.environ, "DUCTAPE_BASE_URL": served.url, "DUCTAPE_ACCESS_KEY": ACCESS_KEY}
    done = subprocess.run([COMMAND, "seal", *ARGUMENTS, CANARY], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2

from __future__ import annotations

import sys
from getpass import getpass

from ductape import Ductape
from ductape.resources import keyed_envs
from ductape.resources.keyed_envs import Seal


def run(*, product: str, model: str, env: str, provider: str, base_url: str | None) -> None:
    """Prints the sealed key. The key itself is on no command line, where others could read it.

    Raises:
        DuctapeError: the key cannot be one, the server refused, or its sealing key is not the pinned one.
    """
    [keyed] = keyed_envs.parse([{"slug": env, "api_key": _ask(), "base_url": base_url}])
    with Ductape() as client:
        key = client.model.key_to_seal_to(product=product)
        print(Seal(keyed, model, provider, base_url).fields(key)["sealed_api_key"])


def _ask() -> str:
    if sys.stdin.isatty():
        return getpass("Provider key (not shown): ")
    return sys.stdin.readline().rstrip("\r\n")

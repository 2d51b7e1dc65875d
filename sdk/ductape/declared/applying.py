from __future__ import annotations

from collections.abc import Callable

from ductape import Ductape
from ductape.declared.document import Entry
from ductape.declared.planning import Step

_Call = Callable[[Ductape, str, Entry], object]


def apply(client: Ductape, product: str, step: Step) -> None:
    """Make one step of a plan so.

    Raises:
        DuctapeError: the server refused it. Steps before it stay done; planning again goes on from there.
    """
    _CALLS[step.verb, step.kind](client, product, step.wanted)


def _create_product(client: Ductape, product: str, wanted: Entry) -> object:
    return client.product.create(**wanted, envs=[])


def _create_env(client: Ductape, product: str, wanted: Entry) -> object:
    return client.product.environments.create(product=product, **wanted)


def _update_env(client: Ductape, product: str, wanted: Entry) -> object:
    return client.product.environments.update(product=product, **wanted)


_CALLS: dict[tuple[str, str], _Call] = {
    ("create", "product"): _create_product,
    ("update", "product"): lambda client, product, wanted: client.product.update(**wanted),
    ("create", "env"): _create_env,
    ("update", "env"): _update_env,
    ("create", "model"): lambda client, product, wanted: client.model.create(product=product, **wanted),
    ("update", "model"): lambda client, product, wanted: client.model.update(product=product, **wanted),
    ("create", "agent"): lambda client, product, wanted: client.agents.define(product=product, **wanted),
    ("update", "agent"): lambda client, product, wanted: client.agents.define(product=product, **wanted),
}

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from control_plane.catalog.key_states import KeyState
from control_plane.catalog.models import ModelEnv
from control_plane.products.models import Product
from control_plane.runs.preparing import prepare
from control_plane.runs.services import begin_run
from control_plane.tenancy.entering import in_workspace
from ductape.types.runs import RunCreate
from tests.control_plane.api.described import Names


@pytest.fixture
def names(shop: Product, alice: Any) -> Names:
    """Something of alice's for each parameter of a path, and beside it a name that nobody has."""
    model = {"tag": "gpt", "name": "GPT", "provider": "local", "model": "a/b", "envs": [{"slug": "dev"}]}
    assert alice.post("products/shop/models", model).status_code == 201
    assert alice.put("products/shop/agents/helper", {"tag": "helper", "model": "gpt"}).status_code == 200
    with in_workspace(alice.workspace.id):
        env = ModelEnv.objects.get()
        env.keys.create(workspace_id=env.workspace_id, version=1, state=KeyState.DESTROYED)
        run = begin_run(prepare(RunCreate(product="shop", env="dev", agent="helper", input="Hi")))
    return {
        "product": ("shop", "hops"),
        "slug": ("dev", "ved"),
        "model": ("gpt", "tpg"),
        "agent": ("helper", "replhe"),
        "number": ("1", "999999"),
        "run_id": (str(run.id), str(uuid4())),
        "token": (alice.get("token").json()["id"], str(uuid4())),
        "member": (alice.post("members", {"user": "carol", "role": "viewer"}).json()["id"], str(uuid4())),
    }

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from control_plane.api.errors import ApiError
from control_plane.products.models import Environment, Product, ProductKey
from control_plane.runs.models import Run
from control_plane.runs.preparing import prepare
from control_plane.runs.services import Outcome, begin_run, finish_run
from control_plane.tenancy.entering import as_operator
from control_plane.workspaces.models import Role, Scope
from ductape.types.runs import RunCreate, Timing, TokenUsage

MODEL = {"tag": "smol", "name": "S", "provider": "local", "model": "a/b", "envs": [{"slug": "dev"}, {"slug": "prd"}]}

HOLDERS = {"catalog", "agents", "runs"}


@pytest.fixture
def run(shop: Product, alice: Any) -> Run:
    """A run in progress of the one agent of the full product `shop`."""
    alice.post("products/shop/models", MODEL)
    alice.put("products/shop/agents/helper", {"tag": "helper", "model": "smol", "envs": [{"slug": "dev"}]})
    return begin_run(prepare(RunCreate(product="shop", env="dev", agent="helper", input="Hi")))


def test_nothing_that_it_held_is_left(run: Run, alice: Any) -> None:
    alice.post("products", {"name": "Other", "envs": []})

    gone = alice.delete("products/shop?force=true").json()

    assert gone == {"deleted": True, "tag": "shop", "contents": {"models": 1, "agents": 1, "runs": 1}}
    with as_operator():
        held: list[Any] = [Environment, *(kind for kind in apps.get_models() if kind._meta.app_label in HOLDERS)]
        assert [kind for kind in held if kind._default_manager.exists()] == []
        assert ProductKey.objects.get().product.tag == "other"


def test_a_run_in_progress_ends_without_a_record(run: Run, alice: Any) -> None:
    alice.delete("products/shop?force=true")

    ended = Outcome(Run.Status.COMPLETED, "stop", "Hello", TokenUsage(), Timing(total=1))
    with pytest.raises(ApiError) as raised:
        finish_run(run=run, outcome=ended)
    assert (raised.value.status, raised.value.code) == (404, "run_not_found")


def test_a_second_time_there_is_no_such_product(run: Run, alice: Any, refused: Any) -> None:
    assert alice.delete("products/shop?force=true").status_code == 200
    assert refused(alice.delete("products/shop?force=true")) == (404, "product_not_found")


@pytest.mark.parametrize("query", ["", "?force=false"])
def test_unless_forced_it_stays(run: Run, alice: Any, refused: Any, query: str) -> None:
    assert refused(alice.delete(f"products/shop{query}")) == (409, "product_not_empty")
    assert alice.get("products/shop/agents/helper").status_code == 200


def test_force_is_true_or_false(run: Run, alice: Any, refused: Any) -> None:
    assert refused(alice.delete("products/shop?force=perhaps")) == (422, "invalid_argument")


def test_only_an_admin_may_force_it(
    run: Run, bound: Callable[..., Any], member_with: Any, mallory: Any, refused: Any
) -> None:
    developer = bound(Scope.ADMIN, member=member_with(Role.DEVELOPER))

    assert refused(bound(Scope.WRITE).delete("products/shop?force=true")) == (403, "missing_scope")
    assert refused(developer.delete("products/shop?force=true")) == (403, "missing_scope")
    assert refused(bound(envs=["dev"]).delete("products/shop?force=true")) == (403, "beyond_binding")
    assert refused(mallory.delete("products/shop?force=true")) == (404, "product_not_found")

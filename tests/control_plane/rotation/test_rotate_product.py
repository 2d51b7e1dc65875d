from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from control_plane.audit.models import Entry
from control_plane.catalog.models import ProviderKey
from control_plane.products.models import Product, ProductKey
from control_plane.products.sealing_keys import active_key
from control_plane.runs.preparing import destination, prepare
from control_plane.vault.keyring import Keyring
from ductape.types.entities import SealingKey
from ductape.types.runs import RunCreate
from tests.control_plane.rotation.conftest import SECRET, Keys, add_model
from tests.control_plane.rotation.opened import opened

ROTATE = "products/shop/rotate-sealing-key"


def key_before(alice: Any) -> SealingKey:
    return SealingKey.model_validate(alice.get("products/shop/sealing-key").json())


def end_the_grace() -> None:
    ProductKey.objects.exclude(retiring_until=None).update(retiring_until=timezone.now() - timedelta(minutes=2))


def test_a_tenant_rotates_and_sees_how_far_it_is(keyed: Product, alice: Any, keys: Keys) -> None:
    before = key_before(alice)
    answer = alice.post(ROTATE, {})

    assert answer.status_code == 201
    after = SealingKey.model_validate(answer.json())
    assert after.pk_id != before.pk_id
    assert after.fingerprint != before.fingerprint
    assert [(each.pk_id, each.needed_by) for each in after.retiring] == [(before.pk_id, 2)]
    keys("rotate", "product", "acme/shop")
    assert [each.needed_by for each in key_before(alice).retiring] == [0]
    assert active_key(keyed).pk_id == after.pk_id
    assert after.pk_id in Entry.objects.get(action="product.key_rotated").details


def test_seals_to_the_key_before_are_taken_for_a_while(keyed: Product, alice: Any, refused: Any) -> None:
    before = key_before(alice)
    alice.post(ROTATE, {})
    assert add_model(alice, "soon", key=before).status_code == 201

    end_the_grace()
    assert refused(add_model(alice, "late", key=before)) == (409, "stale_product_key")
    assert add_model(alice, "fresh").status_code == 201


def test_without_grace_the_key_before_is_stale_at_once(keyed: Product, alice: Any, refused: Any) -> None:
    before = key_before(alice)
    assert alice.post(ROTATE, {"grace_minutes": 0}).status_code == 201
    assert refused(add_model(alice, "late", key=before)) == (409, "stale_product_key")


def test_a_second_rotation_waits_for_the_first(keyed: Product, alice: Any, refused: Any) -> None:
    alice.post(ROTATE, {})
    assert refused(alice.post(ROTATE, {})) == (409, "rotation_in_progress")
    end_the_grace()
    assert alice.post(ROTATE, {}).status_code == 201
    assert keyed.keys.count() == 3


def test_a_run_seals_the_key_that_it_opens_to_the_new_pair(
    keyed: Product, alice: Any, ring: Callable[[], Keyring]
) -> None:
    alice.post(ROTATE, {})
    wanted = RunCreate.model_validate({"product": "shop", "env": "dev", "model": "gpt", "input": "Hi"})

    for _ in range(2):
        key = destination(prepare(wanted)).key
        assert key is not None
        assert key.get_secret_value() == f"dev-{SECRET}"

    to = {key.model_env.environment.slug: key.pair for key in ProviderKey.objects.all()}
    assert to["dev"] == active_key(keyed)
    assert to["prd"].retiring_until is not None
    assert {opened(ring(), key) for key in ProviderKey.objects.all()} == {f"dev-{SECRET}", f"prd-{SECRET}"}


def test_the_command_does_the_whole_of_it(keyed: Product, keys: Keys, ring: Callable[[], Keyring]) -> None:
    before = active_key(keyed)
    assert "0 key pairs destroyed" in keys("rotate", "product", "acme/shop")
    assert active_key(keyed) != before
    assert {key.product_key for key in ProviderKey.objects.all()} == {active_key(keyed)}
    assert {opened(ring(), key) for key in ProviderKey.objects.all()} == {f"dev-{SECRET}", f"prd-{SECRET}"}

    after = active_key(keyed)
    end_the_grace()
    assert "1 key pairs destroyed" in keys("rotate", "product", "acme/shop")
    assert [key.pk_id for key in keyed.keys.all()] == [after.pk_id]


def test_a_key_pair_is_kept_while_a_provider_key_needs_it(keyed: Product, alice: Any, keys: Keys) -> None:
    alice.post(ROTATE, {})
    one = ProviderKey.objects.first()
    assert one is not None
    other = ProviderKey.objects.exclude(id=one.id).get()
    ProviderKey.objects.filter(id=one.id).update(sealed=other.sealed)
    end_the_grace()

    with pytest.raises(Exception, match="1 do not open"):
        keys("rotate", "product")
    assert keyed.keys.count() == 2


def test_without_a_name_it_finishes_what_was_begun_and_begins_nothing(keyed: Product, alice: Any, keys: Keys) -> None:
    assert "0 rows of catalog_providerkey written anew" in keys("rotate", "product")
    alice.post(ROTATE, {})
    assert "2 rows of catalog_providerkey written anew" in keys("rotate", "product")


def test_a_reader_and_another_workspace_rotate_nothing(keyed: Product, bob: Any, mallory: Any, refused: Any) -> None:
    assert refused(bob.post(ROTATE, {})) == (403, "missing_scope")
    assert refused(mallory.post(ROTATE, {})) == (404, "product_not_found")
    assert keyed.keys.count() == 1


def test_the_same_idempotency_key_is_one_rotation(keyed: Product, alice: Any) -> None:
    first, again = (alice.post(ROTATE, {}, **{"Idempotency-Key": "one"}).json() for _ in range(2))
    assert first == again
    assert keyed.keys.count() == 2


def test_a_bad_grace_is_refused(keyed: Product, alice: Any, refused: Any) -> None:
    assert refused(alice.post(ROTATE, {"grace_minutes": 61})) == (422, "invalid_argument")

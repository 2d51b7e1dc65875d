"""A model's way back. Settings return; keys never do."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from control_plane.catalog.models import Model
from control_plane.catalog.services import content_of, get_model, update_model
from control_plane.products.models import Product
from control_plane.versions.diffing import diff
from control_plane.versions.services import get_version
from ductape.types.entities import ModelUpdate
from ductape.types.versions import Rollback, RollbackPreview


def preview_rollback(*, product: Product, tag: str, to: int) -> RollbackPreview:
    """What `roll_back` would change: it is done and undone.

    Raises:
        ApiError: as `roll_back`.
    """
    model = get_model(product, tag)
    before = content_of(model)
    _, warnings = _update(product, model, get_version(model, to).content)
    with transaction.atomic():
        after = content_of(roll_back(product=product, tag=tag, wanted=Rollback(to=to), author=""))
        transaction.set_rollback(True)
    return RollbackPreview(changes=diff(before, after), warnings=warnings)


@transaction.atomic
def roll_back(*, product: Product, tag: str, wanted: Rollback, author: str) -> Model:
    """Bring the settings of a version back, as a new version. What was not there then stays as it is.

    Raises:
        ApiError: 404; 422 `key_must_be_resealed` when the version sent a key that is still set somewhere else.
    """
    model = get_model(product, tag)
    changes, _ = _update(product, model, get_version(model, wanted.to).content)
    # An update keeps what it does not name, and a setting that nobody set then must be unset again.
    Model.objects.filter(pk=model.pk).update(settings={})
    message = wanted.message or f"rollback to version {wanted.to}"
    changes = changes.model_copy(update={"message": message})
    return update_model(product=product, tag=tag, wanted=changes, author=author)


def _update(product: Product, model: Model, content: dict[str, Any]) -> tuple[ModelUpdate, list[str]]:
    there = set(product.environments.values_list("slug", flat=True))
    now = content_of(model)["envs"]
    then = {slug: env for slug, env in content["envs"].items() if slug in there}
    envs = [{"slug": slug, **_env(env)} for slug, env in then.items()]
    fields = {name: content[name] for name in ("name", "description", "provider", "model", "local", "limits", "locks")}
    # Versions from before there were fallbacks say nothing of them.
    fields["fallback"] = content.get("fallback")
    update = ModelUpdate.model_validate({**fields, **content["settings"], "envs": envs})
    return update, [
        *(f"the environment {slug!r} is gone and stays gone" for slug in sorted(set(content["envs"]) - there)),
        *(f"{slug!r} was not configured then and stays as it is" for slug in sorted(set(now) - set(then))),
        *(f"{slug!r} comes back without its key" for slug in sorted(set(then) - set(now)) if then[slug]["key_version"]),
        *(
            f"{slug!r} keeps the key it has now"
            for slug in sorted(set(then) & set(now))
            if then[slug]["key_version"] != now[slug]["key_version"]
        ),
    ]


def _env(then: dict[str, Any]) -> dict[str, Any]:
    return {name: then[name] for name in ("base_url", "active", "description")}

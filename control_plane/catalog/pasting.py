"""A provider key that an operator pastes into the admin: sealed at once, like one that the SDK sends."""

from __future__ import annotations

from django.db import transaction
from pydantic import SecretStr

from control_plane.catalog.models import ModelEnv
from control_plane.catalog.services import update_model
from control_plane.products.sealing_keys import sealing_key
from control_plane.tenancy.entering import in_workspace
from ductape.resources import keyed_envs
from ductape.resources.keyed_envs import Seal
from ductape.types.entities import ModelEnvInput, ModelUpdate


@transaction.atomic
def paste_key(*, env: ModelEnv, secret: SecretStr, author: str) -> None:
    """Replace the key of an environment at once, as `model.update` does.

    Raises:
        ductape.errors.ValidationError: it cannot be a key; the message says why and does not repeat it.
        ApiError: 422 a local model has no key.
    """
    model, slug = env.model, env.environment.slug
    [keyed] = keyed_envs.parse([{"slug": slug, "api_key": secret}])
    with in_workspace(env.workspace_id):
        seal = Seal(keyed, model.tag, model.provider, env.base_url)
        given = ModelEnvInput.model_validate({"slug": slug, **seal.fields(sealing_key(model.product))})
        wanted = ModelUpdate(envs=[given], message="key replaced in the admin")
        update_model(product=model.product, tag=model.tag, wanted=wanted, author=author)

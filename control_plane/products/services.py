from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet

from control_plane.api.errors import ApiError, already_exists, not_found
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.products.contents import CONTENTS
from control_plane.products.models import Environment, Product
from control_plane.products.sealing_keys import create_key
from control_plane.workspaces.reach import current_reach
from ductape.types.entities import (
    EnvironmentInput,
    EnvironmentUpdate,
    ProductCreate,
    ProductUpdate,
)
from ductape.types.names import tag_from_name

DEFAULT_ENVIRONMENTS = (
    EnvironmentInput(slug="dev", name="Development"),
    EnvironmentInput(slug="stg", name="Staging"),
    EnvironmentInput(slug="prd", name="Production"),
)


def visible_products() -> QuerySet[Product]:
    """Those within the caller's reach."""
    return Product.objects.filter(current_reach().in_products("tag"))


def visible_environments(product: Product) -> QuerySet[Environment]:
    """Those within the caller's reach."""
    return product.environments.filter(current_reach().in_envs("slug"))


def get_product(tag: str) -> Product:
    """Raises: ApiError: 404, also when it is beyond the caller's reach."""
    product = visible_products().filter(tag=tag).first()
    if product is None:
        raise not_found("product", tag)
    return product


def lock_product(tag: str) -> Product:
    """The product's row is the lock on what it holds, until the transaction ends.

    Raises:
        ApiError: as `get_product`, also when it went while this waited.
    """
    product = visible_products().select_for_update().filter(tag=tag).first()
    if product is None:
        raise not_found("product", tag)
    return product


def get_environment(product: Product, slug: str) -> Environment:
    """Raises: ApiError: 404, also when it is beyond the caller's reach."""
    environment = visible_environments(product).filter(slug=slug).first()
    if environment is None:
        raise not_found("env", slug)
    return environment


@transaction.atomic
def create_product(*, workspace_id: UUID, wanted: ProductCreate) -> Product:
    """Create a product with its environments and its sealing key pair.

    Raises:
        ApiError: 409 the tag is taken; 422 no tag can be derived, or an environment is named twice.
    """
    tag = wanted.tag or _derived_tag(wanted.name)
    environments = DEFAULT_ENVIRONMENTS if wanted.envs is None else wanted.envs
    refuse_twice([environment.slug for environment in environments])
    try:
        with transaction.atomic():
            product = Product.objects.create(
                workspace_id=workspace_id, tag=tag, name=wanted.name, description=wanted.description
            )
    except IntegrityError:
        raise already_exists("product", tag) from None
    key = create_key(product)
    write_entry(Action.PRODUCT_CREATED, product.subject, after=_said_of(product), product_key=key.pk_id)
    for environment in environments:
        create_environment(product=product, wanted=environment)
    return product


@transaction.atomic
def update_product(*, tag: str, wanted: ProductUpdate) -> Product:
    product = get_product(tag)
    before = _said_of(product)
    changed = set_given(product, wanted.model_dump(exclude_unset=True, exclude_none=True))
    product.save(update_fields=changed)
    write_entry(Action.PRODUCT_UPDATED, product.subject, before=before, after=_said_of(product))
    return product


@transaction.atomic
def delete_product(*, tag: str, force: bool = False) -> dict[str, int]:
    """Delete a product with its environments, runs and keys; with `force` with its models and agents too.

    A run in progress is not stopped: its call ends, and then there is nothing left to record it in.

    Returns:
        How many of each of its contents went with it.

    Raises:
        ApiError: 404; 409 while the product holds models or agents, unless `force`.
    """
    product = lock_product(tag)
    gone = product.subject
    contents = {name: held(product) for name, held in CONTENTS.items()}
    counts = {name: rows.count() for name, rows in contents.items()}
    for rows in contents.values() if force else ():
        rows.delete()
    try:
        product.delete()
    except ProtectedError:
        message = f"the product {tag!r} still holds models or agents; delete them first, or all at once with force"
        raise ApiError(409, "product_not_empty", message) from None
    write_entry(Action.PRODUCT_DELETED, gone, held=counts)
    return counts


@transaction.atomic
def create_environment(*, product: Product, wanted: EnvironmentInput) -> Environment:
    try:
        with transaction.atomic():
            environment = Environment.objects.create(
                workspace_id=product.workspace_id,
                product=product,
                slug=wanted.slug,
                name=wanted.name or wanted.slug,
                description=wanted.description,
                active=wanted.active,
            )
    except IntegrityError:
        raise already_exists("env", wanted.slug) from None
    write_entry(Action.ENV_CREATED, environment.subject, after=_said_of(environment))
    return environment


@transaction.atomic
def update_environment(*, product: Product, slug: str, wanted: EnvironmentUpdate) -> Environment:
    environment = get_environment(product, slug)
    before = _said_of(environment)
    changed = set_given(environment, wanted.model_dump(exclude_unset=True, exclude_none=True))
    environment.save(update_fields=changed)
    write_entry(Action.ENV_UPDATED, environment.subject, before=before, after=_said_of(environment))
    return environment


@transaction.atomic
def delete_environment(*, product: Product, slug: str) -> None:
    """Raises: ApiError: 409 while a model or an agent is configured there."""
    environment = get_environment(product, slug)
    gone = environment.subject
    try:
        environment.delete()
    except ProtectedError:
        raise ApiError(
            409, "env_in_use", f"models or agents are configured in {slug!r}; remove it from their envs first"
        ) from None
    write_entry(Action.ENV_DELETED, gone)


def set_given(row: Product | Environment, values: dict[str, object]) -> list[str]:
    """Set what the caller gave. Only these columns are saved: the rest may have changed meanwhile."""
    for name, value in values.items():
        setattr(row, name, value)
    return [*values, "updated_at"]


def _said_of(row: Product | Environment) -> dict[str, object]:
    return {name: getattr(row, name) for name in ("name", "description", "active") if hasattr(row, name)}


def named_environments(product: Product, slugs: Sequence[str]) -> dict[str, Environment]:
    """The environments that a caller names.

    Raises:
        ApiError: 422 one is unknown, with those that there are, or given twice.
    """
    refuse_twice(slugs)
    there = {environment.slug: environment for environment in visible_environments(product)}
    for slug in slugs:
        if slug not in there:
            known = ", ".join(sorted(there)) or "none"
            raise ApiError(422, "unknown_env", f"envs: no environment {slug!r}; there are: {known}", param="envs")
    return {slug: there[slug] for slug in slugs}


def refuse_twice(slugs: Sequence[str]) -> None:
    twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
    if twice:
        raise ApiError(422, "invalid_argument", f"envs: {twice[0]!r} is given twice", param="envs")


def _derived_tag(name: str) -> str:
    try:
        return tag_from_name(name)
    except ValueError as error:
        raise ApiError(422, "invalid_argument", str(error), param="tag") from None

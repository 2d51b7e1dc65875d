"""Rows as the shared types that the API answers with."""

from __future__ import annotations

from control_plane.products.models import Environment, Product
from control_plane.workspaces.reach import current_reach
from ductape.types import entities


def environment(row: Environment) -> entities.Environment:
    return entities.Environment(
        slug=row.slug,
        name=row.name,
        description=row.description,
        active=row.active,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def product(row: Product) -> entities.Product:
    visible = [each for each in row.environments.all() if current_reach().has_env(each.slug)]
    return entities.Product(
        id=str(row.id),
        tag=row.tag,
        name=row.name,
        description=row.description,
        envs=[environment(each) for each in sorted(visible, key=lambda each: each.id)],
        created_at=row.created_at,
        updated_at=row.updated_at,
    )

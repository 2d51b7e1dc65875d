from __future__ import annotations

from typing import cast

from control_plane.workspaces import models
from control_plane.workspaces.services import Issued, Principal
from ductape.types import members, tokens


def member(row: models.Member) -> members.Member:
    return members.Member(
        id=str(row.id),
        user=row.user.get_username(),
        role=cast(members.Role, row.role),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def token(row: models.AccessToken) -> tokens.AccessToken:
    return tokens.AccessToken(
        id=str(row.id),
        name=row.name,
        shown=row.shown,
        scopes=cast(list[tokens.TokenScope], row.scopes),
        products=row.products,
        envs=row.envs,
        member=_user(row),
        replaces=str(row.replaces_id) if row.replaces_id else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )


def issued(new: Issued) -> tokens.IssuedToken:
    return tokens.IssuedToken(**token(new.row).model_dump(), token=new.token)


def current(row: models.AccessToken, principal: Principal) -> tokens.CurrentToken:
    return tokens.CurrentToken(
        id=str(row.id),
        name=row.name,
        workspace=row.workspace.tag,
        member=_user(row),
        role=cast(members.Role, row.member.role) if row.member else None,
        scopes=cast(list[tokens.TokenScope], [scope.value for scope in models.Scope if principal.may(scope)]),
        products=row.products,
        envs=row.envs,
        expires_at=row.expires_at,
    )


def _user(row: models.AccessToken) -> str | None:
    return row.member.user.get_username() if row.member else None

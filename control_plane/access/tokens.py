"""Access tokens over the API. Whoever may manage them has every scope, so bindings alone limit what can be given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from control_plane.api.errors import ApiError, not_found
from control_plane.products.models import Environment
from control_plane.products.services import visible_products
from control_plane.workspaces.models import AccessToken, Member, Role, Scope
from control_plane.workspaces.reach import Reach, current_reach
from control_plane.workspaces.roles import granted, scopes_of
from control_plane.workspaces.services import Issued, issue, revoke
from ductape.types.tokens import TokenCreate


def visible_tokens(workspace_id: UUID) -> QuerySet[AccessToken]:
    """Those that reach no further than the caller: rotating another one would be a way out of a binding."""
    rows = AccessToken.objects.filter(workspace_id=workspace_id).select_related("member__user")
    reach = current_reach()
    if reach.products is not None:
        rows = rows.filter(products__contained_by=sorted(reach.products))
    if reach.envs is not None:
        rows = rows.filter(envs__contained_by=sorted(reach.envs))
    return rows


def get_token(workspace_id: UUID, token_id: UUID) -> AccessToken:
    """Raises: ApiError: 404, also when it is beyond the caller's reach."""
    token = visible_tokens(workspace_id).filter(id=token_id).first()
    if token is None:
        raise not_found("token", str(token_id), "its id")
    return token


@transaction.atomic
def create_token(*, workspace_id: UUID, wanted: TokenCreate) -> Issued:
    """Issue a token that reaches no further than the caller's.

    Raises:
        ApiError: 422 a product, an environment or the member is unknown, or the member's role does not allow a scope.
    """
    scopes = [scope for scope in Scope if scope in wanted.scopes]
    return issue(
        workspace_id=workspace_id,
        name=wanted.name,
        scopes=scopes,
        lifetime=timedelta(days=wanted.expires_in_days),
        reach=_reach(wanted),
        member=_member(wanted.member, scopes) if wanted.member else None,
    )


@transaction.atomic
def rotate_token(*, workspace_id: UUID, token_id: UUID, grace: timedelta) -> Issued:
    """Issue a token like this one, for as long as this one was issued for; this one ends after the grace period.

    Raises:
        ApiError: 404; 409 it has ended, or was rotated before.
    """
    now = timezone.now()
    token = visible_tokens(workspace_id).select_for_update(of=("self",)).filter(id=token_id).first()
    if token is None:
        raise not_found("token", str(token_id), "its id")
    if token.revoked_at is not None or token.expires_at <= now:
        raise ApiError(409, "token_ended", "this token was revoked or has expired; create another one")
    if AccessToken.objects.filter(replaces=token).exists():
        raise ApiError(409, "already_rotated", "this token was rotated before; rotate the one that replaces it")
    issued = issue(
        workspace_id=workspace_id,
        name=token.name,
        scopes=[Scope(scope) for scope in token.scopes],
        lifetime=token.expires_at - token.created_at,
        reach=Reach.of(token.products, token.envs),
        member=token.member,
        replaces=token,
    )
    token.expires_at = min(token.expires_at, now + grace)
    token.save(update_fields=["expires_at"])
    return issued


@transaction.atomic
def revoke_token(*, workspace_id: UUID, token_id: UUID) -> AccessToken:
    """End a token at once. One that was revoked before stays as it is."""
    revoke(visible_tokens(workspace_id).filter(id=token_id))
    return get_token(workspace_id, token_id)


def _reach(wanted: TokenCreate) -> Reach:
    own = current_reach()
    products = visible_products()
    if wanted.products is not None:
        products = products.filter(tag__in=wanted.products)
        _refuse_unknown("product", wanted.products, products.values_list("tag", flat=True))
    if wanted.envs is not None:
        slugs = Environment.objects.filter(own.in_envs("slug"), product__in=products).values_list("slug", flat=True)
        _refuse_unknown("env", wanted.envs, slugs)
    return Reach.of(
        own.products if wanted.products is None else wanted.products, own.envs if wanted.envs is None else wanted.envs
    )


def _refuse_unknown(noun: str, wanted: Iterable[str], there: Iterable[str]) -> None:
    missing = sorted(set(wanted) - set(there))
    if missing:
        raise ApiError(
            422, f"unknown_{noun}", f"{noun}s: there is no {noun} {missing[0]!r} to bind a token to", param=f"{noun}s"
        )


def _member(user: str, scopes: list[Scope]) -> Member:
    member = Member.objects.select_related("user").filter(user__username=user).first()
    if member is None:
        raise ApiError(422, "unknown_member", f"member: {user!r} is no member; add it first", param="member")
    excess = granted(scopes) - scopes_of(Role(member.role))
    if excess:
        raise ApiError(
            422, "beyond_role", f"scopes: a {member.role} may not have {', '.join(sorted(excess))}", param="scopes"
        )
    return member

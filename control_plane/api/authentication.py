from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from control_plane.api.errors import beyond_binding, missing_scope, unauthenticated
from control_plane.workspaces.models import Scope
from control_plane.workspaces.services import Principal, check_token

# DRF's views import this module while they are being imported themselves.
if TYPE_CHECKING:
    from control_plane.api.views import TenantView


def principal_of(authorization: str, *, request_id: str, address: str) -> Principal:
    """Who an `Authorization` header speaks for.

    Args:
        request_id, address: of the request, for the log of what was done.

    Raises:
        ApiError: 401, the same for every reason.
    """
    scheme, _, token = authorization.partition(" ")
    principal = check_token(token.strip()) if scheme.lower() == "bearer" else None
    if principal is None:
        raise unauthenticated()
    return replace(principal, request_id=request_id, address=address)


class AccessTokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Principal, None]:
        request_id: str = request._request.request_id  # type: ignore[attr-defined]  # set by RequestIdMiddleware
        address = request.META.get("REMOTE_ADDR", "")
        return principal_of(request.headers.get("Authorization", ""), request_id=request_id, address=address), None


def scope_for(method: str | None) -> Scope:
    """Reading needs `read`, everything else `write`, unless the view names what it needs."""
    return Scope.READ if method in SAFE_METHODS else Scope.WRITE


class HasScope(BasePermission):
    def has_permission(self, request: Request, view: TenantView) -> bool:  # type: ignore[override]  # no other views ask for a permission
        needed = view.needs or scope_for(request.method)
        if not cast(Principal, request.user).may(needed):
            raise missing_scope(needed)
        return True


class StaysWithinReach(BasePermission):
    """A bound token changes only what its bindings name. What it cannot see is not found, which services see to."""

    def has_permission(self, request: Request, view: TenantView) -> bool:  # type: ignore[override]  # no other views ask for a permission
        if request.method in SAFE_METHODS or request.method in view.keeps_within_reach:
            return True
        reach = cast(Principal, request.user).reach
        outside_products = reach.products is not None and "product" not in view.kwargs
        if outside_products or reach.envs is not None:
            raise beyond_binding()
        return True

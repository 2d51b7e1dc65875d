from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from control_plane.api.errors import missing_scope, unauthenticated
from control_plane.workspaces.models import Scope
from control_plane.workspaces.services import Principal, check_token

# DRF's views import this module while they are being imported themselves.
if TYPE_CHECKING:
    from rest_framework.views import APIView


def principal_of(authorization: str) -> Principal:
    """Who an `Authorization` header speaks for.

    Raises:
        ApiError: 401, the same for every reason.
    """
    scheme, _, token = authorization.partition(" ")
    principal = check_token(token.strip()) if scheme.lower() == "bearer" else None
    if principal is None:
        raise unauthenticated()
    return principal


class AccessTokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Principal, None]:
        return principal_of(request.headers.get("Authorization", "")), None


def scope_for(method: str | None) -> Scope:
    """Reading needs `read`, everything else `write`."""
    return Scope.READ if method in SAFE_METHODS else Scope.WRITE


class HasScope(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = scope_for(request.method)
        if not cast(Principal, request.user).may(needed):
            raise missing_scope(needed)
        return True

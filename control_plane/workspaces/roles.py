from __future__ import annotations

from collections.abc import Collection, Mapping

from control_plane.workspaces.models import Role, Scope

ALLOWED: Mapping[Scope, frozenset[Role]] = {
    Scope.READ: frozenset({Role.VIEWER, Role.DEVELOPER, Role.ADMIN}),
    Scope.RUN: frozenset({Role.DEVELOPER, Role.ADMIN}),
    Scope.WRITE: frozenset({Role.DEVELOPER, Role.ADMIN}),
    Scope.ADMIN: frozenset({Role.ADMIN}),
}
"""Who may read, run agents and models, change products and all that they hold, look after members and tokens."""


def scopes_of(role: Role) -> frozenset[Scope]:
    return frozenset(scope for scope, roles in ALLOWED.items() if role in roles)


def granted(scopes: Collection[str]) -> frozenset[Scope]:
    """What a list of scopes amounts to: `admin` includes the others."""
    return frozenset(Scope) if Scope.ADMIN in scopes else frozenset(Scope(scope) for scope in scopes)

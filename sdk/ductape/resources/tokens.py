from __future__ import annotations

import builtins
from collections.abc import Sequence

from ductape.call import Call, Flow
from ductape.resources.base import UNSET, Resource, Unset, all_pages, body, given, path
from ductape.sending import TransportT, operation
from ductape.types.tokens import AccessToken, CurrentToken, IssuedToken, TokenCreate, TokenRotate, TokenScope


class Tokens(Resource[TransportT]):
    """Access tokens of the workspace. All but `whoami` need the scope `admin`."""

    @operation
    def create(
        self,
        *,
        name: str,
        scopes: Sequence[TokenScope],
        products: Sequence[str] | Unset = UNSET,
        envs: Sequence[str] | Unset = UNSET,
        member: str | Unset = UNSET,
        expires_in_days: int | Unset = UNSET,
    ) -> Call[IssuedToken]:
        """Issue a token. Its `token` is in this answer and in no other.

        Args:
            scopes: read, write, run, admin; admin includes the others.
            products: tags of the only products that it sees; those of this client's own token unless given.
            envs: slugs of the only environments that it sees and runs in; likewise.
            member: user name of the member it acts for, with no more than that role allows.
            expires_in_days: 90 unless given, 365 at most.

        Raises:
            ValidationError: a product, environment or member is unknown, or the role does not allow a scope.
        """
        fields = given(
            name=name,
            scopes=builtins.list(scopes),
            products=products,
            envs=envs,
            member=member,
            expires_in_days=expires_in_days,
        )
        return Call("POST", path("tokens"), IssuedToken.model_validate, body=body(TokenCreate, fields))

    @operation
    def fetch(self, *, id: str) -> Call[AccessToken]:
        return Call("GET", path("tokens", id), AccessToken.model_validate)

    @operation
    def fetch_all(self) -> Flow[builtins.list[AccessToken]]:
        """Ended ones are in it."""
        return all_pages(path("tokens"), AccessToken)

    @operation
    def rotate(self, *, id: str, grace_hours: int | Unset = UNSET) -> Call[IssuedToken]:
        """Issue a token like this one; this one works on for 24 hours, or for `grace_hours` (0 to 168).

        Raises:
            ConflictError: it has ended, or was rotated before.
        """
        fields = body(TokenRotate, given(grace_hours=grace_hours))
        return Call("POST", path("tokens", id, "rotate"), IssuedToken.model_validate, body=fields)

    @operation
    def revoke(self, *, id: str) -> Call[AccessToken]:
        """End a token at once."""
        return Call("DELETE", path("tokens", id), AccessToken.model_validate)

    @operation
    def whoami(self) -> Call[CurrentToken]:
        """Whom this client's own token speaks for, and how far."""
        return Call("GET", path("token"), CurrentToken.model_validate)

    list = fetch_all

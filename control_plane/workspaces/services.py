from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from control_plane.vault.keyring import load_keyring
from control_plane.workspaces import token_format
from control_plane.workspaces.models import AccessToken, Scope, Workspace

TOKEN_LIFETIME = timedelta(days=90)
_LAST_USED_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: the answer to a valid access token."""

    workspace_id: UUID
    token_id: UUID
    name: str
    """Of the token: who is named as the author of a change."""
    scopes: frozenset[str]

    is_authenticated = True

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes


@transaction.atomic
def create_workspace(*, tag: str, name: str) -> Workspace:
    return Workspace.objects.create(tag=tag, name=name)


@transaction.atomic
def issue_token(
    *, workspace: Workspace, name: str, scopes: Sequence[Scope], lifetime: timedelta = TOKEN_LIFETIME
) -> str:
    """Create an access token.

    Returns:
        The token. This is the only time that anybody sees it.
    """
    token = token_format.new_token()
    AccessToken.objects.create(
        workspace=workspace,
        name=name,
        shown=token_format.shown(token),
        digest=_digest(token),
        scopes=list(scopes),
        expires_at=timezone.now() + lifetime,
    )
    return token


def check_token(token: str) -> Principal | None:
    """Who a token speaks for; None when it is malformed, unknown, expired or revoked."""
    if not token_format.well_formed(token):
        return None
    now = timezone.now()
    found = AccessToken.objects.filter(digest=_digest(token), revoked_at=None, expires_at__gt=now).first()
    if found is None:
        return None
    _note_use(found, now)
    return Principal(found.workspace_id, found.id, found.name, frozenset(found.scopes))


def _note_use(token: AccessToken, now: datetime) -> None:
    # At minute grain, so that a busy token does not cost one write a call.
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_GRAIN)
    if token.last_used_at is None or token.last_used_at < now - _LAST_USED_GRAIN:
        AccessToken.objects.filter(stale, id=token.id).update(last_used_at=now)


def _digest(token: str) -> str:
    return token_format.digest(token, load_keyring(settings.KEYS_DIR).token_pepper)

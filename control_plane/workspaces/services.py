from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from control_plane.audit.actions import Action
from control_plane.audit.actors import Actor, Kind
from control_plane.audit.services import write_entry
from control_plane.tenancy.entering import in_workspace
from control_plane.vault.keyring import load_keyring
from control_plane.workspaces import token_format
from control_plane.workspaces.models import AccessToken, Member, Role, Scope, Workspace
from control_plane.workspaces.reach import EVERYWHERE, Reach
from control_plane.workspaces.roles import granted, scopes_of

TOKEN_LIFETIME = timedelta(days=90)
_FIND_LIVE = "SELECT * FROM workspaces_accesstoken WHERE digest = %s AND revoked_at IS NULL AND expires_at > %s"
_LAST_USED_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: the answer to a valid access token."""

    workspace_id: UUID
    token_id: UUID
    name: str
    """Of the token: who is named as the author of a change."""
    scopes: frozenset[Scope]
    reach: Reach = EVERYWHERE
    member: str = ""
    """The user name of the member whom the token acts for."""
    request_id: str = ""
    address: str = ""
    """Where the request came from."""

    is_authenticated = True

    @property
    def actor(self) -> Actor:
        return Actor(Kind.TOKEN, str(self.token_id), self.name, self.member, self.request_id, self.address)

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class Issued:
    row: AccessToken
    token: str = field(repr=False)
    """This is the only time that anybody sees it."""


@transaction.atomic
def create_workspace(*, tag: str, name: str) -> Workspace:
    workspace = Workspace.objects.create(tag=tag, name=name)
    write_entry(Action.WORKSPACE_CREATED, workspace.subject, after={"name": name})
    return workspace


@transaction.atomic
def add_member(*, workspace_id: UUID, user: str, role: Role) -> Member:
    """Give a user a role; one whom this installation does not know yet is created, without a way to log in.

    Raises:
        IntegrityError: a member already.
    """
    known, created = get_user_model().objects.get_or_create(username=user)
    if created:
        known.set_unusable_password()
        known.save(update_fields=["password"])
    member = Member.objects.create(workspace_id=workspace_id, user=known, role=role)
    write_entry(Action.MEMBER_CREATED, member.subject, after={"role": role.value})
    return member


@transaction.atomic
def issue(
    *,
    workspace_id: UUID,
    name: str,
    scopes: Sequence[Scope],
    lifetime: timedelta = TOKEN_LIFETIME,
    reach: Reach = EVERYWHERE,
    member: Member | None = None,
    replaces: AccessToken | None = None,
) -> Issued:
    token = token_format.new_token()
    row = AccessToken.objects.create(
        workspace_id=workspace_id,
        name=name,
        shown=token_format.shown(token),
        digest=_digest(token),
        scopes=list(scopes),
        products=None if reach.products is None else sorted(reach.products),
        envs=None if reach.envs is None else sorted(reach.envs),
        member=member,
        replaces=replaces,
        expires_at=timezone.now() + lifetime,
    )
    action = Action.TOKEN_ROTATED if replaces else Action.TOKEN_CREATED
    write_entry(action, row.subject, after=_said_of(row), replaces=replaces and replaces.id)
    return Issued(row, token)


def issue_token(
    *, workspace: Workspace, name: str, scopes: Sequence[Scope], lifetime: timedelta = TOKEN_LIFETIME
) -> str:
    """An access token of the workspace, unbound."""
    return issue(workspace_id=workspace.id, name=name, scopes=scopes, lifetime=lifetime).token


def check_token(token: str) -> Principal | None:
    """Who a token speaks for; None when it is malformed, unknown, expired or revoked.

    What is looked up is a keyed digest: that of a near miss has nothing in common with any in the table, so the time
    that a refusal takes says nothing about tokens.
    """
    if not token_format.well_formed(token):
        return None
    now = timezone.now()
    # Every request asks this: as SQL it costs a third of what it costs to build the query first.
    found = next(iter(AccessToken.objects.raw(_FIND_LIVE, [_digest(token), now])), None)
    if found is None:
        return None
    _note_use(found, now)
    reach = Reach.of(found.products, found.envs)
    scopes, member = _now(found)
    return Principal(found.workspace_id, found.id, found.name, scopes, reach, member)


def find_token(token: str) -> AccessToken | None:
    """The row of a token in clear, whatever its state."""
    return AccessToken.objects.filter(digest=_digest(token)).first() if token_format.well_formed(token) else None


@transaction.atomic
def revoke(tokens: QuerySet[AccessToken]) -> int:
    """End them at once; returns how many were not revoked before."""
    ending = list(tokens.filter(revoked_at=None).select_for_update(of=("self",)))
    AccessToken.objects.filter(id__in=[token.id for token in ending]).update(revoked_at=timezone.now())
    for token in ending:
        write_entry(Action.TOKEN_REVOKED, token.subject)
    return len(ending)


def _said_of(token: AccessToken) -> dict[str, object]:
    named = ("scopes", "products", "envs", "member_id", "expires_at")
    return {name: value for name in named if (value := getattr(token, name)) is not None}


def _now(token: AccessToken) -> tuple[frozenset[Scope], str]:
    """What it may do now, a member's token no more than the member, and the member's name."""
    if token.member_id is None:
        return granted(token.scopes), ""
    with in_workspace(token.workspace_id):
        member = Member.objects.select_related("user").filter(id=token.member_id, user__is_active=True).first()
    if member is None:
        return frozenset(), ""
    return granted(token.scopes) & scopes_of(Role(member.role)), member.user.get_username()


def _note_use(token: AccessToken, now: datetime) -> None:
    # At minute grain, so that a busy token does not cost one write a call.
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_GRAIN)
    if token.last_used_at is None or token.last_used_at < now - _LAST_USED_GRAIN:
        AccessToken.objects.filter(stale, id=token.id).update(last_used_at=now)


def _digest(token: str) -> str:
    return token_format.digest(token, load_keyring(settings.KEYS_DIR).token_pepper)

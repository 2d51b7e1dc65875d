from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from control_plane.api.errors import already_exists, not_found
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.workspaces.models import Member, Role
from control_plane.workspaces.services import add_member
from ductape.types.members import MemberCreate, MemberUpdate


def all_members() -> QuerySet[Member]:
    return Member.objects.select_related("user")


def get_member(member_id: UUID) -> Member:
    """Raises: ApiError: 404."""
    member = all_members().filter(id=member_id).first()
    if member is None:
        raise not_found("member", str(member_id), "its id")
    return member


@transaction.atomic
def create_member(*, workspace_id: UUID, wanted: MemberCreate) -> Member:
    """Raises: ApiError: 409 a member already."""
    try:
        with transaction.atomic():
            return add_member(workspace_id=workspace_id, user=wanted.user, role=Role(wanted.role))
    except IntegrityError:
        raise already_exists("member", wanted.user) from None


@transaction.atomic
def update_member(*, member_id: UUID, wanted: MemberUpdate) -> Member:
    """Change the role. The member's tokens follow at once."""
    member = get_member(member_id)
    before = {"role": str(member.role)}
    member.role = Role(wanted.role)
    member.save(update_fields=["role", "updated_at"])
    write_entry(Action.MEMBER_UPDATED, member.subject, before=before, after={"role": wanted.role})
    return member


@transaction.atomic
def delete_member(*, member_id: UUID) -> str:
    """End the membership and the member's tokens; the user stays. Returns the user's name."""
    member = get_member(member_id)
    gone, tokens = member.subject, list(member.access_tokens.values_list("id", flat=True))
    member.delete()
    write_entry(Action.MEMBER_DELETED, gone, tokens=tokens)
    return gone.tag

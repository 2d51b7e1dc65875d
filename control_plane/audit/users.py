from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser

from control_plane.audit.models import NO_WORKSPACE
from control_plane.audit.services import Subject


def user_subject(user: AbstractBaseUser) -> Subject:
    """Users belong to the installation; what they are in a workspace is a member."""
    return Subject(NO_WORKSPACE, "user", str(user.pk), user.get_username())

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest

from control_plane.audit.actions import Action
from control_plane.audit.models import Entry
from control_plane.audit.services import write_entry
from control_plane.audit.users import user_subject
from control_plane.console.looking import LookingAdmin


@admin.register(Entry)
class EntryAdmin(LookingAdmin):
    list_display = ("at", "action", "tag", "product", "env", "actor_name", "actor_kind", "request_id", "workspace_id")
    search_fields = ("=action", "=tag", "=actor_name", "=request_id")
    ordering = ("-id",)


class RecordedUserAdmin(UserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """The only page of the admin that changes something by hand. Django tells it what was changed, without values."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        write_entry(Action.USER_CREATED, user_subject(obj), superuser=obj.is_superuser)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        said = message if isinstance(message, str) else json.dumps(message)
        write_entry(Action.USER_UPDATED, user_subject(obj), superuser=obj.is_superuser, changed=said)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for user in queryset:
            write_entry(Action.USER_DELETED, user_subject(user))
        return super().log_deletions(request, queryset)


admin.site.unregister(User)
admin.site.register(User, RecordedUserAdmin)
# Groups give nothing here: only superusers enter.
admin.site.unregister(Group)

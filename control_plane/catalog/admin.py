from __future__ import annotations

from django.contrib import admin

from control_plane.catalog.models import CheckPace, Model, ModelEnv, ModelVersion, ProviderKey
from control_plane.console.looking import LookingAdmin


@admin.register(Model)
class ModelAdmin(LookingAdmin):
    list_display = ("tag", "provider", "model_name", "product", "version", "updated_at")
    list_filter = ("provider",)
    list_select_related = ("product",)
    search_fields = ("tag", "name", "model_name", "product__tag")


@admin.register(ModelEnv)
class ModelEnvAdmin(LookingAdmin):
    list_display = ("model", "environment", "base_url", "active")
    list_filter = ("active",)
    list_select_related = ("model", "environment")
    search_fields = ("model__tag", "environment__slug")


@admin.register(ProviderKey)
class ProviderKeyAdmin(LookingAdmin):
    list_display = ("model_env", "version", "state", "hint", "created_at", "last_used_at", "overlap_until")
    list_filter = ("state",)
    list_select_related = ("model_env__model", "model_env__environment")
    search_fields = ("model_env__model__tag",)
    exclude = ("sealed",)


@admin.register(CheckPace)
class CheckPaceAdmin(LookingAdmin):
    list_display = ("token_id", "until", "workspace")
    list_select_related = ("workspace",)


@admin.register(ModelVersion)
class ModelVersionAdmin(LookingAdmin):
    list_display = ("model", "number", "author", "message", "created_at")
    list_select_related = ("model",)
    search_fields = ("model__tag", "author", "message")

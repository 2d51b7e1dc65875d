from __future__ import annotations

from django.contrib import admin

from control_plane.agents.models import Agent, AgentEnv, AgentVersion
from control_plane.console.looking import LookingAdmin


@admin.register(Agent)
class AgentAdmin(LookingAdmin):
    list_display = ("tag", "name", "model_tag", "product", "version", "updated_at")
    list_select_related = ("product",)
    search_fields = ("tag", "name", "model_tag", "product__tag")


@admin.register(AgentEnv)
class AgentEnvAdmin(LookingAdmin):
    list_display = ("agent", "environment", "active", "overrides")
    list_filter = ("active",)
    list_select_related = ("agent", "environment")
    search_fields = ("agent__tag", "environment__slug")


@admin.register(AgentVersion)
class AgentVersionAdmin(LookingAdmin):
    list_display = ("agent", "number", "author", "message", "created_at")
    list_select_related = ("agent",)
    search_fields = ("agent__tag", "author", "message")

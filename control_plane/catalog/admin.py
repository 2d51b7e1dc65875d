from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from pydantic import SecretStr

from control_plane.api.errors import ApiError
from control_plane.catalog.models import CheckPace, Model, ModelEnv, ModelVersion, ProviderKey
from control_plane.catalog.pasting import paste_key
from control_plane.console.looking import LookingAdmin
from ductape.errors import ValidationError


@admin.register(Model)
class ModelAdmin(LookingAdmin):
    list_display = ("tag", "provider", "model_name", "product", "version", "updated_at")
    list_filter = ("provider",)
    list_select_related = ("product",)
    search_fields = ("tag", "name", "model_name", "product__tag")


class KeyForm(forms.Form):
    # It is never rendered with a value, not even one that was refused.
    api_key = forms.CharField(label="Provider key", strip=False, widget=forms.PasswordInput(render_value=False))


@admin.register(ModelEnv)
class ModelEnvAdmin(LookingAdmin):
    """A key may be replaced from here, by an operator who has one to paste; all else is only shown."""

    change_form_template = "catalog/env.html"
    list_display = ("model", "environment", "base_url", "active")
    list_filter = ("active",)
    list_select_related = ("model", "environment")
    search_fields = ("model__tag", "environment__slug")

    def get_urls(self) -> list[URLPattern]:
        key = path("<uuid:pk>/key/", self.admin_site.admin_view(self.key), name="catalog_modelenv_key")
        return [key, *super().get_urls()]

    def key(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        env = get_object_or_404(ModelEnv.objects.select_related("model__product", "environment"), pk=pk)
        form = KeyForm(request.POST or None)
        if form.is_valid() and self._replaced(request, env, form):
            return HttpResponseRedirect(reverse("admin:catalog_modelenv_change", args=[pk]))
        context = {**self.admin_site.each_context(request), "form": form, "env": env, "opts": self.opts}
        return TemplateResponse(request, "catalog/key.html", context)

    def _replaced(self, request: HttpRequest, env: ModelEnv, form: KeyForm) -> bool:
        try:
            paste_key(env=env, secret=SecretStr(form.cleaned_data["api_key"]), author=request.user.get_username())
        except (ApiError, ValidationError) as error:
            form.add_error("api_key", error.message)
            return False
        messages.success(request, "The key was sealed and is used from now on.")
        return True


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

from __future__ import annotations

from django.contrib import admin

from control_plane.console.looking import LookingAdmin
from control_plane.products.models import Environment, Product, ProductKey


@admin.register(Product)
class ProductAdmin(LookingAdmin):
    list_display = ("tag", "name", "workspace", "created_at")
    list_filter = ("workspace",)
    search_fields = ("tag", "name")


@admin.register(Environment)
class EnvironmentAdmin(LookingAdmin):
    list_display = ("slug", "name", "product", "active")
    list_filter = ("active",)
    list_select_related = ("product",)
    search_fields = ("slug", "product__tag")


@admin.register(ProductKey)
class ProductKeyAdmin(LookingAdmin):
    list_display = ("pk_id", "product", "root_kid", "at_rest_kid", "created_at", "retiring_until")
    list_select_related = ("product",)
    search_fields = ("pk_id", "product__tag")
    exclude = ("record",)

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from control_plane.api.docs import DocumentView, docs
from control_plane.api.views import ServiceView, error_page, healthz, server_error

urlpatterns = [
    path("healthz", healthz),
    path("api/docs", docs),
    path("api/v1/openapi.json", DocumentView.as_view(), name="openapi"),
    path("api/v1/", ServiceView.as_view()),
    path("api/v1/", include("control_plane.access.urls")),
    path("api/v1/", include("control_plane.products.urls")),
    path("api/v1/", include("control_plane.catalog.urls")),
    path("api/v1/", include("control_plane.agents.urls")),
    path("api/v1/", include("control_plane.runs.urls")),
    path("admin/", admin.site.urls),
]

handler400 = error_page
handler403 = error_page
handler404 = error_page
handler500 = server_error

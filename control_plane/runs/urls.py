from __future__ import annotations

from django.urls import path

from control_plane.runs import views

urlpatterns = [
    path("products/<str:product>/readiness", views.ProductReadiness.as_view()),
]

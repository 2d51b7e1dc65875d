from __future__ import annotations

from django.urls import path

from control_plane.catalog import views

urlpatterns = [
    path("products/<str:product>/models", views.ModelList.as_view()),
    path("products/<str:product>/models/<str:model>", views.ModelDetail.as_view()),
]

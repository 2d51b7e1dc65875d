from __future__ import annotations

from django.urls import path

from control_plane.agents import views

urlpatterns = [
    path("products/<str:product>/agents", views.AgentList.as_view()),
    path("products/<str:product>/agents/<str:agent>", views.AgentDetail.as_view()),
]

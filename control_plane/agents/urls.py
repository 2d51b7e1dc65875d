from __future__ import annotations

from django.urls import path

from control_plane.agents import views

urlpatterns = [
    path("products/<str:product>/agents", views.AgentList.as_view()),
    path("products/<str:product>/agents/<str:agent>", views.AgentDetail.as_view()),
    path("products/<str:product>/agents/<str:agent>/versions", views.AgentVersionList.as_view()),
    path("products/<str:product>/agents/<str:agent>/versions/<int:number>", views.AgentVersionDetail.as_view()),
    path("products/<str:product>/agents/<str:agent>/diff", views.AgentDiff.as_view()),
    path("products/<str:product>/agents/<str:agent>/rollback", views.AgentRollback.as_view()),
    path("products/<str:product>/promote", views.ProductPromote.as_view()),
    path("products/<str:product>/agents/<str:agent>/resolve", views.AgentResolve.as_view()),
    path("products/<str:product>/models/<str:model>/resolve", views.ModelResolve.as_view()),
]

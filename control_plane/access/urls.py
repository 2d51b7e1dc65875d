from __future__ import annotations

from django.urls import path

from control_plane.access import views

urlpatterns = [
    path("token", views.CurrentTokenDetail.as_view()),
    path("tokens", views.TokenList.as_view()),
    path("tokens/<uuid:token>", views.TokenDetail.as_view()),
    path("tokens/<uuid:token>/rotate", views.TokenRotation.as_view()),
    path("audit", views.AuditList.as_view()),
    path("members", views.MemberList.as_view()),
    path("members/<uuid:member>", views.MemberDetail.as_view()),
]

from __future__ import annotations

from django.urls import path

from control_plane.catalog import views

urlpatterns = [
    path("products/<str:product>/models", views.ModelList.as_view()),
    path("products/<str:product>/models/<str:model>", views.ModelDetail.as_view()),
    path("products/<str:product>/models/<str:model>/envs/<str:slug>/keys", views.KeyList.as_view()),
    path("products/<str:product>/models/<str:model>/envs/<str:slug>/keys/<int:number>", views.KeyDetail.as_view()),
    path("products/<str:product>/models/<str:model>/versions", views.ModelVersionList.as_view()),
    path("products/<str:product>/models/<str:model>/versions/<int:number>", views.ModelVersionDetail.as_view()),
    path("products/<str:product>/models/<str:model>/diff", views.ModelDiff.as_view()),
    path("products/<str:product>/models/<str:model>/rollback", views.ModelRollback.as_view()),
]

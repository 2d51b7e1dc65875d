from __future__ import annotations

from django.urls import path

from control_plane.products import views

urlpatterns = [
    path("products", views.ProductList.as_view()),
    path("products/<str:product>", views.ProductDetail.as_view()),
    path("products/<str:product>/sealing-key", views.SealingKeyDetail.as_view()),
    path("products/<str:product>/rotate-sealing-key", views.SealingKeyRotation.as_view()),
    path("products/<str:product>/envs", views.EnvironmentList.as_view()),
    path("products/<str:product>/envs/<str:slug>", views.EnvironmentDetail.as_view()),
]

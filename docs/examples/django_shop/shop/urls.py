"""The addresses."""

from django.urls import path

from shop import views

urlpatterns = [path("status/<int:order_id>", views.status)]

"""Addresses under /exports/."""

from django.urls import path

from ticketing.exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.log, name="log"),
    path("new/<slug:kind>/", views.new, name="new"),
    path("<int:pk>/", views.export, name="export"),
    path("<int:pk>/file/", views.file, name="file"),
]

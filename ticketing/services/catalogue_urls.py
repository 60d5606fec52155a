"""Addresses under /catalogue/."""

from django.urls import path, re_path

from ticketing.services import catalogue_views as views

app_name = "catalogue"
urlpatterns = [
    path("", views.entries, name="entries"),
    path("versions/", views.versions, name="versions"),
    path("versions/<int:number>/", views.compare, name="compare"),
    re_path(r"^versions/(?P<number>\d{1,8})/catalogue\.(?P<form>xlsx|json)$", views.export, name="export"),
    path("do/<slug:verb>/", views.step, name="step"),
    path("files/", views.files, name="files"),
    path("drift/", views.drift, name="drift"),
    path("new/<slug:listing>/", views.edit, name="new"),
    path("<slug:listing>/<path:code>/edit/", views.edit, name="edit"),
    path("<slug:listing>/<path:code>/local/", views.local, name="local"),
    path("<slug:listing>/<path:code>/", views.entry, name="entry"),
]

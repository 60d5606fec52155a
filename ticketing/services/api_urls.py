"""Addresses under /api/catalogue/."""

from django.urls import path, re_path

from ticketing.services import api

app_name = "catalogue-api"
urlpatterns = [
    path("entries/", api.EntriesView.as_view(), name="entries"),
    path("versions/", api.VersionsView.as_view(), name="versions"),
    path("versions/<int:number>/diff/", api.DiffView.as_view(), name="diff"),
    re_path(r"^(?P<verb>publish|roll-back)/$", api.StepView.as_view(), name="step"),
]

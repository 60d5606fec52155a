"""Addresses below /api/quality/."""

from django.urls import path, re_path

from hotline.quality import api

app_name = "quality-api"
urlpatterns = [
    path("samples/", api.SamplesView.as_view(), name="samples"),
    re_path(r"^samples/(?P<pk>\d+)/(?P<verb>score|appeal|review)/$", api.StepView.as_view(), name="step"),
    path("plans/<int:pk>/draw/", api.DrawView.as_view(), name="draw"),
    path("seats/", api.SeatsView.as_view(), name="seats"),
]

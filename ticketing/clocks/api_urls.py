"""Addresses under /api/plans/."""

from django.urls import path, re_path

from ticketing.clocks import api

app_name = "plans-api"
urlpatterns = [
    path("", api.PlansView.as_view(), name="plans"),
    path("<slug:code>/", api.PlanView.as_view(), name="plan"),
    re_path(r"^(?P<code>[-\w]+)/(?P<way>on|off)/$", api.SwitchView.as_view(), name="switch"),
]

"""Addresses of the units, below /units/."""

from django.urls import path, re_path

from ticketing.structure import views

app_name = "structure"
urlpatterns = [
    path("", views.tree, name="tree"),
    path("<str:code>/", views.unit_page, name="unit"),
    path("<str:code>/below/", views.below, name="below"),
    path("<str:code>/do/<slug:key>/", views.act, name="act"),
    re_path(r"^(?P<code>[^/]+)/end/(?P<what>stand-in|shift)/(?P<pk>\d+)/$", views.end, name="end"),
]

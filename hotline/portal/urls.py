"""Addresses of the citizens' pages."""

from __future__ import annotations

from django.urls import path

from hotline.portal import report_views, track_views, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("privacy/", views.privacy, name="privacy"),
    path("report/", report_views.begin, name="report"),
    path("report/items/", report_views.items, name="report-items"),
    path("report/places/", report_views.places, name="report-places"),
    path("report/<str:key>/edit/", report_views.edit, name="report-edit"),
    path("report/<str:key>/item/", report_views.item, name="report-item"),
    path("report/<str:key>/check/", report_views.check, name="report-check"),
    path("report/<str:key>/file/<int:pk>/", report_views.file, name="report-file"),
    path("report/<str:key>/file/<int:pk>/remove/", report_views.remove_file, name="report-file-remove"),
    path("report/<str:key>/receipt/", report_views.receipt, name="receipt"),
    path("track/", track_views.find, name="track"),
    path("track/<str:number>/", track_views.order, name="order"),
    path("track/<str:number>/photo/<int:pk>/", track_views.photo, name="photo"),
    path("track/<str:number>/<slug:verb>/", track_views.act, name="act"),
]

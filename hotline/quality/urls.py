"""Addresses of quality inspection, below /desk/quality/."""

from django.urls import path

from hotline.quality import views

app_name = "quality"
urlpatterns = [
    path("", views.samples, name="samples"),
    path("mine/", views.mine, name="mine"),
    path("seats/", views.seats, name="seats"),
    path("plans/", views.plans, name="plans"),
    path("plans/new/", views.plan, name="new_plan"),
    path("plans/<int:pk>/", views.plan, name="plan"),
    path("plans/<int:pk>/draw/", views.draw, name="draw"),
    path("draws/<int:pk>/", views.drawn, name="drawn"),
    path("<int:pk>/", views.sample, name="sample"),
    path("<int:pk>/score/", views.score, name="score"),
    path("<int:pk>/appeal/", views.appeal, name="appeal"),
    path("<int:pk>/review/", views.review, name="review"),
    path("<int:pk>/recordings/<int:recording>/", views.recording, name="recording"),
]

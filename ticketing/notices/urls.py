"""Addresses of the survey: the citizen's short link, and the button of the call-back desk."""

from django.urls import path

from ticketing.notices import daily_views, views

app_name = "notices"
urlpatterns = [
    path("r/<str:code>/", views.survey, name="survey"),
    path("desk/daily/", daily_views.notice, name="daily"),
    path("desk/daily/<str:day>/", daily_views.notice, name="daily_of"),
    path("desk/surveys/<str:number>/send/", views.send, name="send_survey"),
]

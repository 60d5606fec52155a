from django.urls import path, re_path

from hotline.voice import views

app_name = "voice"

urlpatterns = [
    path("", views.call_page, name="call"),
    path("token/", views.call_token, name="token"),
    # A provider's console is typed by hand, and a POST cannot be redirected: both forms of the address are served.
    re_path(r"^twilio/incoming/?$", views.twilio_incoming, name="twilio_incoming"),
    re_path(r"^twilio/status/?$", views.twilio_status, name="twilio_status"),
]

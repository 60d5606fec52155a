"""Sockets of calls. Twilio's come without an Origin header, so they stand before the check of origins."""

from typing import Any, cast

from django.urls import re_path

from hotline.voice.adapters.browser import browser
from hotline.voice.adapters.twilio import media

media_urlpatterns = [re_path(r"^voice/media/?$", cast("Any", media))]  # Django's types know views only
websocket_urlpatterns = [re_path(r"^voice/browser/?$", cast("Any", browser))]

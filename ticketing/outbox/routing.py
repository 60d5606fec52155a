"""Sockets of the outbox."""

from django.urls import path

from ticketing.outbox.consumers import FeedConsumer

websocket_urlpatterns = [path("ws/feeds/", FeedConsumer.as_asgi())]

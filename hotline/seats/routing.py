"""Sockets of the seats."""

from django.urls import path

from hotline.seats.consumers import SeatConsumer

websocket_urlpatterns = [path("ws/seat/", SeatConsumer.as_asgi())]

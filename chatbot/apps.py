"""The chatbot room: text in, understanding and the next move out. It knows no channel."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatbotConfig(AppConfig):
    name = "chatbot"
    label = "chatbot"
    verbose_name = _("Understanding and dialogue")

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "hotline.chat"
    label = "chat"

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "hotline.conversations"
    label = "conversations"

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "hotline.chat"
    label = "chat"

    def ready(self) -> None:
        """Register the job and the way out by Twilio."""
        from hotline.chat import outgoing, tasks  # noqa: F401
        from ticketing.notices.adapters import register_adapter

        register_adapter("twilio", outgoing.TwilioAdapter)

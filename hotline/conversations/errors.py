"""What can go wrong in a conversation, each said in words that tell what to do."""

from __future__ import annotations

from django.utils.translation import gettext as _


class ConversationError(Exception):
    """Something was refused. `code` is for programs, the message for people, `status` the HTTP status that fits."""

    code = "conversation_error"
    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class EmptyText(ConversationError):
    """Nothing was said."""

    code = "empty_text"

    def __init__(self) -> None:
        super().__init__(_("The message is empty. Type what you want to say and send it again."))


class TextTooLong(ConversationError):
    """More characters than TEXT_MAX_CHARS."""

    code = "text_too_long"
    status = 413

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(
            _("The message has %(length)d characters; at most %(limit)d fit. Nothing was sent: shorten it or send it in parts.")
            % {"length": length, "limit": limit}
        )


class UnknownKey(ConversationError):
    """A key that is on no telephone."""

    code = "unknown_key"

    def __init__(self) -> None:
        super().__init__(_("Only the keys 0 to 9, * and # can be pressed."))


class ConversationEnded(ConversationError):
    """The conversation is over."""

    code = "ended"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("This conversation has ended and is kept. Start a new one to go on."))


class NotOwner(ConversationError):
    """Somebody spoke who does not own the conversation; the output was dropped."""

    code = "not_owner"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("You do not hold this conversation now, so nothing was sent. Take it first."))


class AlreadyTaken(ConversationError):
    """Another seat was faster."""

    code = "already_taken"
    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(_("%(name)s has already taken this conversation. Choose the next one in the queue.") % {"name": name})
        self.holder = name


class LineGone(ConversationError):
    """Only who is there can be put on hold."""

    code = "line_gone"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("The citizen is no longer connected and cannot be put on hold. Call back instead."))


class CannotTransfer(ConversationError):
    """The transfer has no usable target."""

    code = "cannot_transfer"
    status = 409

    def __init__(self, target: str = "") -> None:
        super().__init__(
            _("%(target)s cannot take a conversation just now. Choose somebody else, a skill, or the queue.") % {"target": target}
            if target
            else _("Choose another seat, a skill, or the queue.")
        )


class UnknownConversation(ConversationError):
    """No conversation answers to this token or reference."""

    code = "unknown_conversation"
    status = 404

    def __init__(self) -> None:
        super().__init__(
            _("This conversation is not known here. Start a new one; if you have an order number, look it up instead.")
        )


class TooFast(ConversationError):
    """More than the limit allows. `seconds` is when to try again."""

    code = "too_fast"
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            _(
                "That was too much at once; nothing was stored this time. Please wait %(seconds)d seconds and try again, or call 12345."
            )
            % {"seconds": seconds}
        )
        self.seconds = seconds


class BadFrame(ConversationError):
    """A message that is not in the agreed form."""

    code = "bad_frame"

    def __init__(self) -> None:
        super().__init__(_("This message could not be read and nothing was stored. Send one JSON object as text, at most 40 kB."))


class ServerFault(ConversationError):
    """The server could not do it, through no fault of the citizen."""

    code = "server"
    status = 500

    def __init__(self) -> None:
        super().__init__(_("The server could not store this message. It is still on your screen: please send it again."))

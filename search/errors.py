"""What can go wrong in the knowledge base, each with the sentence a person reads and the HTTP status an API gives."""

from __future__ import annotations


class KnowledgeError(Exception):
    """Base of all refusals of this room. `str(error)` is a sentence fit for a page."""

    status = 400


class InvalidArticle(KnowledgeError):
    """The content breaks an entry rule; the sentence names the field."""


class IllegalStep(KnowledgeError):
    """The step does not lead out of the present state. `allowed` names the steps that do."""

    status = 409

    def __init__(self, message: str, *, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.allowed = allowed


class NotAllowed(KnowledgeError):
    """The actor lacks the role, or would check work of their own."""

    status = 403


class EngineError(Exception):
    """An engine could not do what was asked (server away, index missing). `str(error)` says which and why."""

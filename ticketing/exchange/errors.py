"""What may go wrong with files."""

from __future__ import annotations


class ExchangeError(Exception):
    """The file or the list cannot be had; the message says why and what to do."""


class TooManyRows(ExchangeError):
    """More rows than one export may hold."""


class NotYours(ExchangeError):
    """The person may not have this list or this file."""

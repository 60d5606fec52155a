"""Short-lived signed permission to open one call, handed from a web answer to the socket that follows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.core import signing

MAX_AGE_S = 300
_SALT = "hotline.voice.call"


class BadCallToken(Exception):
    """Wrong, changed or too old."""


@dataclass(frozen=True, slots=True)
class CallGrant:
    """What the web side already knows of a call: its line, the caller's number if the network vouches for it, language."""

    channel: str
    line: str = ""
    caller: str = ""
    external_id: str = ""
    language: str = "zh-hans"


def grant(call: CallGrant) -> str:
    """A token for a call; under 500 characters, which is what Twilio lets a parameter have."""
    return signing.dumps({key: value for key, value in asdict(call).items() if value}, salt=_SALT, compress=True)


def redeem(token: str, *, channel: str) -> CallGrant:
    """The call that a token permits.

    Raises:
        BadCallToken: forged, older than five minutes, or for another channel.
    """
    try:
        call = CallGrant(**signing.loads(token, salt=_SALT, max_age=MAX_AGE_S))
    except (signing.BadSignature, TypeError) as error:
        raise BadCallToken(type(error).__name__) from error
    if call.channel != channel:
        raise BadCallToken("other channel")
    return call

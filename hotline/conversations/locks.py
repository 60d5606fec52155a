"""One bot turn at a time per conversation inside this process; across processes the memory is compared before it is written."""

from __future__ import annotations

import threading
import zlib

_STRIPES = tuple(threading.Lock() for _ in range(64))


def of(conversation_id: object) -> threading.Lock:
    """The lock of a conversation. Two conversations may share one; that costs a short wait, never a wrong result."""
    return _STRIPES[zlib.crc32(str(conversation_id).encode()) % len(_STRIPES)]

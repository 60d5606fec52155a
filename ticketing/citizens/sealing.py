"""Sealing of personal data at rest: AES-256-GCM with key ids, blind indexes for lookup, salted commitments for history.

Source of the scheme: NIST SP 800-38D (GCM); blind index = HMAC-SHA-256 under a key of its own, so that equal values can
be found without being readable; commitment = HMAC-SHA-256 under a random salt kept apart, so that forgetting the salt
makes the committed value unrecoverable while the chain of hashes stays whole.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

NONCE_BYTES = 12


class UnknownSealingKey(Exception):
    """The value was sealed with a key that SEALING_KEYS no longer holds."""


@lru_cache(maxsize=8)
def _keys(entries: tuple[str, ...]) -> dict[str, AESGCM]:
    keys = {}
    for entry in entries:
        key_id, _, encoded = entry.partition(":")
        raw = base64.urlsafe_b64decode(encoded)
        if len(raw) != 32 or not key_id:
            raise ImproperlyConfigured("SEALING_KEYS: each entry is id:base64 of 32 bytes")
        keys[key_id] = AESGCM(raw)
    return keys


def seal(text: str) -> str:
    """`text` sealed with the newest key, as "keyid.base64(nonce + ciphertext)"; "" stays ""."""
    if not text:
        return ""
    keys = _keys(tuple(settings.SEALING_KEYS))
    key_id = next(iter(keys))
    nonce = secrets.token_bytes(NONCE_BYTES)
    return f"{key_id}.{base64.b64encode(nonce + keys[key_id].encrypt(nonce, text.encode(), key_id.encode())).decode()}"


def unseal(token: str) -> str:
    """The text of `seal`. Raises UnknownSealingKey, or InvalidTag when the stored value was altered."""
    if not token:
        return ""
    key_id, _, body = token.partition(".")
    key = _keys(tuple(settings.SEALING_KEYS)).get(key_id)
    if key is None:
        raise UnknownSealingKey(key_id)
    raw = base64.b64decode(body)
    try:
        return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], key_id.encode()).decode()
    except InvalidTag:
        raise InvalidTag(f"sealed value of key {key_id} was altered") from None


def seal_bytes(data: bytes) -> bytes:
    """A file sealed with the newest key, as "keyid." and nonce and ciphertext."""
    keys = _keys(tuple(settings.SEALING_KEYS))
    key_id = next(iter(keys))
    nonce = secrets.token_bytes(NONCE_BYTES)
    return key_id.encode() + b"." + nonce + keys[key_id].encrypt(nonce, data, key_id.encode())


def unseal_bytes(kept: bytes) -> bytes:
    """The bytes of `seal_bytes`. Raises UnknownSealingKey, or InvalidTag when the file was altered."""
    key_id, _, raw = kept.partition(b".")
    key = _keys(tuple(settings.SEALING_KEYS)).get(key_id.decode(errors="replace"))
    if key is None:
        raise UnknownSealingKey(key_id.decode(errors="replace"))
    return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], key_id)


def blind_index(value: str, purpose: str) -> str:
    """A lookup value for `value` (width-folded, spaces removed) that cannot be read back; 64 hex digits."""
    folded = "".join(unicodedata.normalize("NFKC", value).split()).lower()
    if not folded:
        return ""
    return hmac.new(settings.BLIND_INDEX_KEY.encode(), f"{purpose}\0{folded}".encode(), hashlib.sha256).hexdigest()


def new_salt() -> str:
    """A salt for one commitment, 32 hex digits."""
    return secrets.token_hex(16)


def commit(value: str, salt: str) -> str:
    """The salted commitment that history keeps in place of a personal value, 64 hex digits."""
    return hmac.new(bytes.fromhex(salt), value.encode(), hashlib.sha256).hexdigest()


class SealedTextField(models.TextField):
    """A text that is sealed in the database and plain in Python. It cannot be filtered; use a blind index beside it."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None else seal(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value if value is None else unseal(value)

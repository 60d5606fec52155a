"""Personal numbers that people put into free text are kept out of it: masked in the text, sealed with the citizen."""

from __future__ import annotations

import re

from ticketing.citizens.selectors import mask

# Longest first: an identity number (GB 11643) contains what looks like a telephone number.
ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
LANDLINE = re.compile(r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)")
BANK_CARD = re.compile(r"(?<!\d)\d{16,19}(?!\d)")


def mask_numbers(text: str) -> str:
    """`text` with identity, telephone and card numbers masked in their own shape."""
    text = ID_NUMBER.sub(lambda m: mask("id_number", m[0]), text)
    text = BANK_CARD.sub(lambda m: mask("id_number", m[0]), text)
    text = MOBILE.sub(lambda m: mask("phone", m[0]), text)
    return LANDLINE.sub(lambda m: mask("phone", m[0]), text)

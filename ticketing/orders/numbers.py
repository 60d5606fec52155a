"""Order numbers that survive a telephone line: yyMMdd, a five-digit sequence, one check digit; and query codes.

The check digit is ISO/IEC 7064, MOD 11,10: it finds every wrong single digit and nearly every swap of neighbours.
"""

from __future__ import annotations

import secrets
from datetime import date

from django.db import connection, transaction

from ticketing.orders.models import NumberSequence

LENGTH = 12
DAILY_LIMIT = 99_999


class NumbersExhausted(Exception):
    """More than 99,999 orders in one day: the number format has to be widened."""


def check_digit(digits: str) -> str:
    """The ISO/IEC 7064 MOD 11,10 check digit of a string of digits."""
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def is_valid(number: str) -> bool:
    """Whether `number` has the right length and check digit; says nothing about its existence."""
    return len(number) == LENGTH and number.isascii() and number.isdigit() and check_digit(number[:-1]) == number[-1]


def format_number(day: date, sequence: int) -> str:
    """The number of the `sequence`-th order of `day`. Raises NumbersExhausted."""
    if not 1 <= sequence <= DAILY_LIMIT:
        raise NumbersExhausted(day.isoformat())
    body = f"{day:%y%m%d}{sequence:05d}"
    return body + check_digit(body)


def take_numbers(day: date, count: int = 1) -> list[str]:
    """The next `count` numbers of `day`, inside the caller's transaction, which holds the day's row till its end."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("numbers are taken inside a transaction")
    table = NumberSequence._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (day, next_value) VALUES (%s, %s) "
            f"ON CONFLICT (day) DO UPDATE SET next_value = {table}.next_value + %s RETURNING next_value",
            [day.isoformat(), 1 + count, count],
        )
        after = int(cursor.fetchone()[0])
    return [format_number(day, after - count + i) for i in range(count)]


def grouped(number: str) -> str:
    """The number in groups of four, as it is read out: 2607 1800 0427."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def new_query_code() -> str:
    """Six random digits that, with the number, open the tracking page."""
    return f"{secrets.randbelow(1_000_000):06d}"

"""Tests of the public surface use the platform through its doors alone."""

from __future__ import annotations

from tests.doors import doors  # noqa: F401  a fixture

"""Every answer carries the id under which logs and jobs know the request."""

import pytest

from hotline.runtime.middleware import HEADER


def test_each_answer_has_an_id_of_its_own(client):
    first, second = client.get("/health/live/"), client.get("/health/live/")
    assert first.headers[HEADER] != second.headers[HEADER]


def test_an_id_from_outside_counts_only_behind_our_proxy(client, settings):
    given = "proxy-gave-this-id"
    assert client.get("/health/live/", headers={"X-Request-ID": given}).headers[HEADER] != given
    settings.BEHIND_PROXY = True
    assert client.get("/health/live/", headers={"X-Request-ID": given}).headers[HEADER] == given


@pytest.mark.parametrize("forged", ["short", "x" * 100, "with space and more", "line\tbreak-here"])
def test_a_forged_id_is_replaced(client, settings, forged):
    settings.BEHIND_PROXY = True
    assert client.get("/health/live/", headers={"X-Request-ID": forged}).headers[HEADER] != forged

"""A kept filter is a link with a name; each person has one's own."""

from __future__ import annotations

from tests.ticketing.desk.conftest import Desk
from ticketing.orders.models import SavedFilter


def test_a_filter_is_kept_used_as_a_link_and_deleted(desk: Desk) -> None:
    client = desk.client("dispatcher")
    desk.triage(title="筛选里的路灯")
    assert "保存此筛选" not in client.get("/desk/orders/").content.decode()
    assert "保存此筛选" in client.get("/desk/orders/?q=路灯&state=triage").content.decode()
    kept = client.post("/desk/filters/", {"place": "desk:orders", "name": "路灯待派", "query": "q=路灯&state=triage&page=3"})
    row = SavedFilter.objects.get()
    assert kept.status_code == 302 and "page" not in row.query and "state=triage" in kept.url
    page = client.get("/desk/orders/").content.decode()
    assert "路灯待派" in page and f"?{row.query}".replace("&", "&amp;") in page
    assert "筛选里的路灯" in client.get(kept.url).content.decode()
    # The same name again replaces it; a colleague does not see it and cannot delete it.
    client.post("/desk/filters/", {"place": "desk:orders", "name": "路灯待派", "query": "q=灯"})
    assert SavedFilter.objects.count() == 1
    other = desk.client("supervisor")
    assert "路灯待派" not in other.get("/desk/orders/").content.decode()
    other.post(f"/desk/filters/{row.pk}/delete/", {"place": "desk:orders"})
    assert SavedFilter.objects.count() == 1
    client.post(f"/desk/filters/{row.pk}/delete/", {"place": "desk:orders"})
    assert not SavedFilter.objects.exists()


def test_what_is_no_list_or_has_no_name_is_refused(desk: Desk) -> None:
    client = desk.client("dispatcher")
    assert client.post("/desk/filters/", {"place": "https://elsewhere", "name": "x", "query": "q=1"}).status_code == 404
    assert client.post("/desk/filters/", {"place": "desk:inbox", "name": " ", "query": "state=triage"}).status_code == 302
    assert not SavedFilter.objects.exists()


def test_every_list_offers_it(desk: Desk) -> None:
    for username, url in (
        ("dispatcher", "/desk/inbox/?state=triage"),
        ("light", "/desk/unit/?state=processing"),
        ("supervisor", "/desk/supervision/?kind=yellow"),
        ("supervisor", "/desk/held/?q=x"),
    ):
        assert "保存此筛选" in desk.client(username).get(url).content.decode(), url

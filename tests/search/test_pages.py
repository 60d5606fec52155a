"""The public pages, the API and the editors' desk, through HTTP."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from search import actions, selectors
from search.models import KnowledgeGap
from tests.cast import City
from tests.search.conftest import Knowledge, content
from ticketing.organisation.actor import SYSTEM


@pytest.fixture
def desk(city: City) -> dict[str, Client]:
    """The signed-in cast, by name."""
    clients = {}
    for name in ("editor", "reviewer", "publisher", "seat"):
        clients[name] = Client()
        clients[name].force_login(city.staff[name], backend="django.contrib.auth.backends.ModelBackend")
    return clients


def test_the_search_page_answers_with_article_and_sources(knowledge: Knowledge, client: Client):
    page = client.get("/knowledge/", {"q": "公积金怎么提取"}).content.decode()
    assert "租房、购房、退休等情形可以提取住房公积金。" in page
    assert reverse("search:article", args=["fund"]) in page
    article = client.get(reverse("search:article", args=["fund"])).content.decode()
    assert "中华人民共和国民法典" in article
    assert "第一条" in article


def test_typing_shows_answers_and_keeps_nothing(knowledge: Knowledge, client: Client):
    page = client.get("/knowledge/typed/", {"q": "居住证怎么办"}, headers={"HX-Request": "true"}).content.decode()
    assert "居住证办理条件和材料" in page
    assert "<html" not in page
    assert client.get("/knowledge/typed/", {"q": "x" * 100_000}).status_code in (200, 414)
    assert not KnowledgeGap.objects.exists()


def test_what_was_not_found_can_be_told_once_a_visit(knowledge: Knowledge, client: Client):
    page = client.get("/knowledge/", {"q": "火星移民怎么申请"}).content.decode()
    assert reverse("search:missing") in page
    for _ in range(2):
        assert client.post("/knowledge/missing/", {"question": "火星移民怎么申请"}).status_code == 302
    assert KnowledgeGap.objects.get().count == 1


def test_what_was_typed_is_shown_as_text(knowledge: Knowledge, client: Client):
    for text in ("<script>alert(1)</script>", '"><img src=x>', "\x00", "🙂" * 500):
        response = client.get("/knowledge/", {"q": text})
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()
        assert "<img src=x>" not in response.content.decode()


def test_a_withdrawn_article_is_gone_and_an_internal_one_never_was(knowledge: Knowledge, client: Client):
    knowledge.publish("inside", title="内部口径", answer="不外传。", public=False, facts=())
    actions.withdraw(version=selectors.article(code="fund"), actor=SYSTEM, note="政策变了")
    assert client.get(reverse("search:article", args=["fund"])).status_code == 410
    assert client.get(reverse("search:article", args=["inside"])).status_code == 404
    assert client.get("/api/knowledge/articles/inside/").status_code == 404
    assert "不外传" not in client.get("/knowledge/", {"q": "内部口径"}).content.decode()


def test_a_cited_old_version_stays_readable_and_says_so(knowledge: Knowledge, client: Client):
    knowledge.publish("fund", title="住房公积金提取条件", answer="新的规定。")
    old = client.get(reverse("search:article", args=["fund"]) + "?version=1")
    assert "租房、购房、退休" in old.content.decode()
    assert reverse("search:article", args=["fund"]) in old.content.decode()
    for wrong in ("7", "0"):
        assert client.get(reverse("search:article", args=["fund"]) + f"?version={wrong}").status_code == 404


def test_opinions_count_once_a_visit_and_a_remark_becomes_a_correction(knowledge: Knowledge, client: Client):
    address = reverse("search:opinion", args=["fund"])
    for _ in range(2):
        client.post(address, {"helpful": "no", "remark": "少了买车位的情形"})
    article = selectors.article_row(code="fund")
    assert (article.helpful, article.unhelpful) == (0, 1)
    gap = KnowledgeGap.objects.get()
    assert (gap.kind, gap.article, gap.count) == ("correction", article, 1)


def test_the_api_answers_or_says_that_it_does_not_know(knowledge: Knowledge, client: Client):
    def ask(question: object) -> tuple[int, dict[str, object]]:
        response = client.post("/api/knowledge/answer/", json.dumps({"question": question}), content_type="application/json")
        return response.status_code, response.json()

    status, found = ask("公积金怎么提取")
    assert (status, found["known"], found["article_code"], found["version"]) == (200, True, "fund", 1)
    assert found["sources"][0]["title"] == "中华人民共和国民法典"
    status, found = ask("火星移民怎么申请")
    assert (status, found["known"]) == (200, False)
    assert KnowledgeGap.objects.filter(pk=found["gap_id"]).exists()
    assert ask("长" * 100_000)[0] == 400
    assert ask(None)[0] == 400
    results = client.get("/api/knowledge/search/", {"q": "居住证怎么办", "limit": "1"}).json()
    assert [item["code"] for item in results["items"]] == ["permit"]
    assert results["engine"] == knowledge.kind
    assert client.get("/api/knowledge/search/", {"q": "居住证", "limit": "-5"}).status_code == 200


def test_three_people_take_an_article_from_gap_to_release(knowledge: Knowledge, client: Client, desk: dict[str, Client]):
    gap = actions.file_gap(question="高温津贴什么时候发")
    assert "高温津贴什么时候发" in desk["editor"].get("/knowledge/desk/").content.decode()
    address = reverse("search:draft") + f"?gap={gap.pk}"
    assert "高温津贴什么时候发" in desk["editor"].get(address).content.decode()
    form = {
        "title": "高温津贴发放",
        "category": "劳动",
        "kind": "policy",
        "questions": "高温津贴什么时候发\n高温补贴找谁要",
        "answer": "按月发放。",
        "public": "on",
        "facts-TOTAL_FORMS": "2",
        "facts-INITIAL_FORMS": "0",
        "facts-0-text": "用人单位应当发放高温津贴。",
        "facts-0-law": "防暑降温措施管理办法",
        "facts-0-date": "2012-06-29",
    }
    refused = desk["editor"].post(address, form | {"facts-0-law": "", "facts-0-text": ""})
    assert refused.status_code == 400
    assert "高温津贴发放" in refused.content.decode(), "what was typed is kept"
    kept = desk["editor"].post(address, form)
    assert kept.status_code == 302
    version = selectors.waiting_versions().get()

    def take(who: str, verb: str) -> None:
        desk[who].post(reverse("search:step", args=[version.pk, verb]))

    take("editor", "publish")
    take("editor", "submit")
    take("reviewer", "review")
    take("publisher", "publish")
    knowledge.work()
    version.refresh_from_db()
    assert (version.state, version.author, version.reviewer, version.publisher) == (
        "published",
        "知识采编",
        "知识审核",
        "知识签发",
    )
    closing = {"article": version.article.code}
    assert desk["editor"].post(reverse("search:close_gap", args=[gap.pk]), closing).status_code == 302
    gap.refresh_from_db()
    assert gap.status == "answered"
    page = client.get("/knowledge/", {"q": "高温津贴什么时候发"}).content.decode()
    assert "按月发放。" in page


def test_the_desk_is_for_its_roles(desk: dict[str, Client], client: Client):
    version = actions.save_draft(content=content(), actor=SYSTEM, code="one")
    for address in ("/knowledge/desk/", reverse("search:draft"), reverse("search:version", args=[version.pk])):
        assert client.get(address).status_code == 302
        assert desk["seat"].get(address).status_code == 403
        assert desk["editor"].get(address).status_code == 200
    assert desk["seat"].post(reverse("search:step", args=[version.pk, "submit"])).status_code == 403
    for tab in ("gaps", "waiting", "due", "nonsense"):
        assert desk["reviewer"].get("/knowledge/desk/", {"tab": tab, "page": "999", "status": "x"}).status_code == 200

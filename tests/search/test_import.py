"""Bringing in a folder of articles, again and again."""

from pathlib import Path

import pytest
from django.conf import settings

from search import actions, selectors
from search.errors import NotAllowed
from search.models import Article, Synonym
from tests.cast import City
from ticketing.organisation.actor import BOT
from ticketing.organisation.models import Unit
from ticketing.outbox.models import Job

pytestmark = pytest.mark.django_db

ENTRY = """
- code: K-1
  category: 住房/公积金
  title: {title}
  questions: [公积金怎么提取]
  answer: 可以提取。
  facts: [{{text: 可以提取。, law: 住房公积金管理条例, article: 第二十四条, date: '2019-03-24',
     document_number: 国务院令第710号}}]
  keywords: [公积金]
  owner: 住房公积金
  valid_from: 2019-03-24
  valid_to: null
  duty_items: [H-01]
"""


def write(folder: Path, title: str = "公积金提取") -> Path:
    (folder / "housing.yml").write_text(ENTRY.format(title=title), encoding="utf-8")
    return folder


def test_articles_come_in_published_with_their_facts(tmp_path: Path, city: City):
    name, region = "测试市住房公积金管理中心", city.regions["c"]
    bureau = Unit.objects.create(code="F", name=name, level="city", kind="bureau", region=region)
    report = actions.import_articles(write(tmp_path))
    assert (report.created, report.updated, report.unchanged, report.errors) == (1, 0, 0, [])
    version = selectors.article(code="K-1")
    fact = version.facts.get()
    assert (fact.law, fact.article, fact.document_number, str(fact.date)) == (
        "住房公积金管理条例",
        "第二十四条",
        "国务院令第710号",
        "2019-03-24",
    )
    assert (version.owner_unit, version.duty_items, version.state) == (bureau, ["H-01"], "published")
    assert [job.payload for job in Job.objects.all()] == [{"code": "K-1"}]


def test_the_same_again_changes_nothing_and_a_change_makes_a_version(tmp_path: Path):
    actions.import_articles(write(tmp_path))
    assert actions.import_articles(write(tmp_path)).unchanged == 1
    assert actions.import_articles(write(tmp_path, "公积金提取新规")).updated == 1
    article = Article.objects.get()
    assert (article.published.number, article.published.title, article.versions.count()) == (2, "公积金提取新规", 2)


def test_broken_entries_are_named_and_the_rest_comes_in(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "a.yml").write_text("- code: K-2\n  title: 没有类目\n  answer: 无\n- title: 没有编号\n", encoding="utf-8")
    (tmp_path / "b.yml").write_text("- [", encoding="utf-8")
    (tmp_path / "z.yml").write_text(ENTRY.format(title="重复编号"), encoding="utf-8")
    report = actions.import_articles(tmp_path)
    assert report.created == 1
    assert [error.split(":")[0] for error in report.errors] == ["a.yml K-2", "a.yml", "b.yml", "z.yml K-1"]


def test_many_changes_promise_one_rebuild(tmp_path: Path):
    entries = [ENTRY.format(title=f"题目{n}").replace("K-1", f"K-{n}") for n in range(25)]
    (tmp_path / "all.yml").write_text("".join(entries), encoding="utf-8")
    assert actions.import_articles(tmp_path).created == 25
    assert [job.kind for job in Job.objects.all()] == ["search.rebuild"]


def test_only_the_system_and_administrators_import(tmp_path: Path):
    with pytest.raises(NotAllowed):
        actions.import_articles(write(tmp_path), actor=BOT)


def test_synonyms_come_in_and_stay_switched_off(tmp_path: Path):
    path = tmp_path / "synonyms.yml"
    path.write_text("- [驾驶证, 驾照]\n- [电动自行车, 电瓶车]\n- [驾驶证, 驾驶本]\n", encoding="utf-8")
    assert actions.import_synonyms(path) == 2 == Synonym.objects.count()
    Synonym.objects.filter(word="驾驶证").update(is_active=False)
    actions.import_synonyms(path)
    assert selectors.synonyms() == [("电动自行车", "电瓶车")]
    assert Synonym.objects.get(word="驾驶证").also == ["驾照", "驾驶本"]


def test_the_articles_and_synonyms_of_the_demonstration_come_in_without_an_error():
    assert actions.import_synonyms() > 50
    report = actions.import_articles(settings.CITY_DIR / "articles")
    assert report.errors == []
    assert report.created >= 80
    for article in Article.objects.select_related("published").prefetch_related("published__facts"):
        assert all(fact.law and fact.date for fact in article.published.facts.all()), article.code

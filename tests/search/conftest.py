"""A small knowledge base that both engines serve. Elasticsearch joins when ELASTICSEARCH_URL names a server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import elasticsearch
import pytest
from pytest_django import Settings

from search import actions
from search.content import ArticleContent, Fact
from search.engines import get_engine
from search.indexing import PublishedDocuments
from search.models import Article
from ticketing.organisation.actor import SYSTEM
from ticketing.outbox import runner
from ticketing.outbox.models import Job

CLUSTER = os.environ.get("ELASTICSEARCH_URL", "")
ENGINES = ["embedded", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)] if CLUSTER else ["embedded"]

ROWS: list[dict[str, Any]] = [
    {
        "code": "fund",
        "category": "住房/公积金",
        "title": "住房公积金提取条件",
        "questions": ("公积金怎么提取", "租房能取公积金吗"),
        "answer": "租房、购房、退休等情形可以提取住房公积金。",
        "keywords": ("公积金", "提取"),
    },
    {
        "code": "wages",
        "category": "劳动",
        "title": "单位拖欠工资怎么办",
        "questions": ("老板不发工资找谁", "工资被拖欠怎么投诉"),
        "answer": "可以向劳动保障监察机构投诉，也可以申请劳动仲裁。",
        "keywords": ("欠薪", "拖欠工资"),
    },
    {
        "code": "permit",
        "category": "户籍",
        "title": "居住证办理条件和材料",
        "questions": ("居住证怎么办", "外地人办居住证要什么材料"),
        "answer": "离开常住户口所在地半年以上，有合法稳定就业、住所或者连续就读之一的，可以申领居住证。",
        "keywords": ("居住证", "流动人口"),
    },
    {
        "code": "noise",
        "category": "环境",
        "title": "夜间施工噪声管理规定",
        "questions": ("晚上工地施工几点必须停", "半夜打桩吵怎么投诉"),
        "answer": "噪声敏感建筑物集中区域内，夜间不得进行产生噪声的建筑施工作业，抢修抢险等除外。",
        "keywords": ("施工噪声", "扰民"),
    },
    {
        "code": "marriage",
        "category": "民政",
        "title": "结婚登记需要的材料",
        "questions": ("领结婚证带什么", "外省户口能在这里结婚登记吗"),
        "answer": "双方持居民身份证，到任意婚姻登记机关申请结婚登记。",
        "keywords": ("结婚登记", "结婚证"),
    },
]


@dataclass
class Knowledge:
    """What tests do with the knowledge base, in one word each."""

    kind: str

    def publish(self, code: str, **changes: Any) -> Article:
        """Publish an article by the three steps; jobs are left waiting."""
        version = actions.save_draft(content=content(**changes), actor=SYSTEM, code=code)
        actions.submit(version=version, actor=SYSTEM)
        actions.review(version=version, actor=SYSTEM)
        return actions.publish(version=version, actor=SYSTEM).article

    def fill(self) -> None:
        """The five articles above, indexed."""
        for row in ROWS:
            self.publish(row["code"], **{name: value for name, value in row.items() if name != "code"})
        get_engine().rebuild(PublishedDocuments())
        Job.objects.filter(kind="search.index").delete()  # the rebuild has done their work

    def work(self) -> int:
        """Do the waiting jobs."""
        return runner.drain()


def content(**changes: Any) -> ArticleContent:
    """Valid content, changed where a test needs it."""
    fact = Fact(text="依法办理。", law="中华人民共和国民法典", article="第一条", date=date(2021, 1, 1))
    base: dict[str, Any] = {"category": "其他", "title": "标题", "answer": "回答。", "facts": (fact,)}
    return ArticleContent(**(base | changes))


@pytest.fixture
def index_settings(settings: Settings, tmp_path: Path) -> Settings:
    """An index folder and an index name of this test alone, no cluster."""
    settings.INDEX_DIR = tmp_path / "index"
    settings.ELASTICSEARCH_URL = ""
    settings.ELASTICSEARCH_INDEX = f"test-{uuid.uuid4().hex[:12]}"
    return settings


@pytest.fixture(params=ENGINES)
def knowledge(request: pytest.FixtureRequest, db: None, index_settings: Settings) -> Iterator[Knowledge]:
    """The small knowledge base, once on each engine that is there."""
    if request.param == "elasticsearch":
        index_settings.ELASTICSEARCH_URL = CLUSTER
    base = Knowledge(request.param)
    base.fill()
    yield base
    if request.param == "elasticsearch":
        sweep(index_settings.ELASTICSEARCH_INDEX)


def sweep(prefix: str) -> None:
    """Drop the indexes of a test."""
    with elasticsearch.Elasticsearch(CLUSTER) as client:
        for name in client.indices.get(index=f"{prefix}-*").body:
            client.indices.delete(index=name)

"""A small invented city in memory, an understander over it, and a platform that does what a test wrote down."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from chatbot.dialogue.ports import (
    ConsultAnswer,
    CreatedOrder,
    DutyMatch,
    NearArticle,
    OrderDraft,
    OrderStatus,
    PlaceMatch,
    Question,
    QuestionChoice,
    ServiceRefused,
    ServiceUnavailable,
    Source,
)
from chatbot.nlu import embedded, training
from chatbot.nlu.city import City
from chatbot.nlu.duty import DutyEntry
from chatbot.nlu.gazetteer import Entry
from chatbot.nlu.service import Understander
from chatbot.nlu.types import Understanding
from chatbot.selectors import Vocabulary
from ticketing.orders.numbers import format_number

NOW = datetime(2026, 11, 22, 16, 30)  # a Sunday
CODE = "012345"

PLACES = (
    Entry("place", "R1", "人民路", (), "东城区"),
    Entry("place", "R2", "中山路", (), "西城区"),
    Entry("place", "R3", "解放路", (), "东城区"),
    Entry("place", "R4", "解放路", (), "西城区"),
    Entry("place", "E1", "翠湖小区", ("翠湖",), "东城区"),
    Entry("place", "E2", "阳光花园", (), "西城区"),
    Entry("unit", "U1", "城市管理局", ("城管局",)),
)
DUTIES = (
    DutyEntry("0101", "路灯不亮", ("路灯", "路灯坏", "灯不亮"), "市政设施", "complaint"),
    DutyEntry("0102", "生活垃圾清运", ("垃圾", "垃圾堆", "垃圾桶"), "市容环卫", "complaint"),
    DutyEntry("0103", "工地夜间施工扰民", ("工地", "施工", "打桩"), "噪声", "complaint"),
    DutyEntry("0104", "停水", ("停水", "没水", "断水"), "供水", "help"),
    DutyEntry("0105", "物业服务质量", ("物业",), "物业", "complaint"),
    DutyEntry("0106", "物业费争议", ("物业费", "物业收费"), "物业", "complaint"),
    DutyEntry("0107", "企业排放污水", ("污水", "废水", "排污"), "环境", "report"),
)
QUESTIONS = {
    "0101": [
        Question("place", "place", "坏的路灯在哪条路？", True),
        Question("extent", "choice", "坏了几盏？", True, (QuestionChoice("one", "一盏"), QuestionChoice("many", "几盏"))),
    ],
    "0104": [Question("notice", "yes_no", "收到过停水通知吗？", True), Question("homes", "number", "大概影响多少户？")],
}
ANSWERS = {
    "公积金": ConsultAnswer(
        known=True,
        text="租房可以提取住房公积金。",
        title="租房提取住房公积金",
        article_code="gjj-01",
        version=2,
        sources=(Source("住房公积金管理条例", "第二十四条", "2019-03-24"),),
    )
}
NEAR = {
    "买房": (
        NearArticle("gjj-01", "租房提取住房公积金"),
        NearArticle("fang-02", "购买首套住房补贴"),
        NearArticle("fang-03", "房屋产权登记"),
        NearArticle("fang-04", "物业费标准"),
    )
}


@pytest.fixture(scope="session")
def engine() -> embedded.EmbeddedEngine:
    return embedded.EmbeddedEngine(embedded.fit(training.training_examples()))


@pytest.fixture(scope="session")
def small_city() -> City:
    return City(
        read=lambda: Vocabulary("1", PLACES + tuple(Entry("duty_item", d.code, d.name, d.keywords) for d in DUTIES), DUTIES)
    )


@pytest.fixture(scope="session")
def understander(engine, small_city) -> Understander:
    return Understander(main=engine, city=small_city)


class ScriptedServices:
    """The port, from memory. `broken` makes every verb fail, `refuses` makes it say no; `done` lists what was done."""

    def __init__(self, understander: Understander) -> None:
        self.understander = understander
        self.created: list[OrderDraft] = []
        self.done: list[tuple[str, ...]] = []
        self.orders: dict[str, OrderStatus] = {}
        self.by_phone: dict[str, list[str]] = {}
        self.heard: list[Understanding] = []
        self.broken = False
        self.refuses = ""

    def _check(self) -> None:
        if self.broken:
            raise ServiceUnavailable("the database is away")
        if self.refuses:
            raise ServiceRefused(self.refuses)

    def understand(self, text: str, *, expecting: str = "") -> Understanding:
        self.heard.append(self.understander.understand(text, expecting=expecting, now=NOW))
        return self.heard[-1]

    def answer(self, question: str) -> ConsultAnswer:
        self._check()
        near = next((near for word, near in NEAR.items() if word in question), ())
        none = ConsultAnswer(known=False, gap_id="7", nearest=near)
        return next((answer for word, answer in ANSWERS.items() if word in question), none)

    def article(self, code: str) -> ConsultAnswer:
        self._check()
        return next((answer for answer in ANSWERS.values() if answer.article_code == code), ConsultAnswer(known=False))

    def identify_duty(self, text: str) -> list[DutyMatch]:
        ranked = self.understander.city.names().duties.rank(text)
        return [DutyMatch(row.entry.code, row.entry.name, row.score, row.entry.order_type) for row in ranked]

    def questions(self, duty_code: str) -> list[Question]:
        return QUESTIONS.get(duty_code, [])

    def find_place(self, text: str) -> list[PlaceMatch]:
        gazetteer = self.understander.city.names().gazetteer
        found = {}
        for span in gazetteer.find(text):
            if span.kind == "place" and span.source != "pattern":
                for entry in gazetteer.namesakes(span.value):
                    found[entry.code] = PlaceMatch(entry.code, entry.name, entry.region, span.confidence, span.confidence >= 0.9)
        return list(found.values())

    def create_order(self, draft: OrderDraft) -> CreatedOrder:
        self._check()
        self.created.append(draft)
        number = format_number(date(2026, 11, 22), len(self.created))
        self.orders[number] = OrderStatus(number, draft.title, "triage", "已收到，等待派单")
        return CreatedOrder(number, CODE)

    def known_order(self, sequence: int = 42, phone: str = "", title: str = "中山路 路灯不亮") -> str:
        number = format_number(date(2026, 11, 20), sequence)
        self.orders[number] = OrderStatus(number, title, "processing", "正在办理", "城管局", "11月25日17:30前答复")
        if phone:
            self.by_phone.setdefault(phone, []).append(number)
        return number

    def orders_of_caller(self, phone: str) -> list[OrderStatus]:
        return [self.orders[number] for number in self.by_phone.get(phone, [])]

    def order_status(self, number: str, query_code: str) -> OrderStatus | None:
        return self.orders.get(number) if query_code == CODE else None

    def urge(self, number: str, note: str) -> None:
        self._check()
        self.done.append(("urge", number))

    def add_facts(self, number: str, text: str) -> None:
        self._check()
        self.done.append(("add", number, text))

    def withdraw(self, number: str, reason: str) -> None:
        self._check()
        self.done.append(("withdraw", number))

    def rate(self, number: str, score: int, note: str) -> None:
        self._check()
        self.done.append(("rate", number, str(score)))


@pytest.fixture
def services(understander) -> ScriptedServices:
    return ScriptedServices(understander)

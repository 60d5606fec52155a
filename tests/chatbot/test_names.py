"""Names in a text, duty items by their words, and the cache over the city's rows."""

import pytest

from chatbot.nlu.city import REFRESH_SECONDS, City
from chatbot.nlu.duty import DutyIndex, is_sure
from chatbot.nlu.gazetteer import Entry, Gazetteer
from chatbot.selectors import Vocabulary, vocabulary
from tests.chatbot.conftest import DUTIES, PLACES


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer(PLACES)


def found(gazetteer, text, kind="place"):
    return [(span.value, span.text, span.source) for span in gazetteer.find(text) if span.kind == kind]


def test_longest_name_with_its_house_number(gazetteer):
    assert found(gazetteer, "翠湖小区三栋二单元漏水") == [("E1", "翠湖小区三栋二单元", "gazetteer")]
    assert found(gazetteer, "人民路88号的工地") == [("R1", "人民路88号", "gazetteer")]


def test_other_names_and_units(gazetteer):
    assert found(gazetteer, "在翠湖门口") == [("E1", "翠湖", "gazetteer")]
    assert found(gazetteer, "城管局不管", "unit") == [("U1", "城管局", "gazetteer")]


@pytest.mark.parametrize(("heard", "code"), [("人命路的路灯", "R1"), ("忠山路", "R2"), ("脆胡小区", "E1"), ("钟山路", "R2")])
def test_misheard_names_are_found_by_sound_and_marked_as_such(gazetteer, heard, code):
    spans = [span for span in gazetteer.find(heard) if span.kind == "place"]
    assert [span.value for span in spans] == [code]
    assert spans[0].source == "gazetteer-sound"
    assert spans[0].confidence < 0.8


def test_what_looks_like_a_place_is_taken_as_words(gazetteer):
    assert found(gazetteer, "我在槐树街12号") == [("槐树街12号", "槐树街12号", "pattern")]
    assert found(gazetteer, "这条马路上有坑") == []


def test_places_of_one_name_are_told_apart(gazetteer):
    assert [entry.region for entry in gazetteer.namesakes("R4")] == ["西城区", "东城区"]


def test_an_empty_gazetteer_finds_nothing_but_patterns():
    assert Gazetteer(()).find("路灯坏了") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("人民路路灯坏了好几盏", "0101"),
        ("垃圾堆了三天没人清", "0102"),
        ("半夜还在打桩", "0103"),
        ("家里没水两天了", "0104"),
        ("物业收费不合理", "0106"),
    ],
)
def test_duty_item_by_the_words_people_use(text, code):
    assert DutyIndex(DUTIES).rank(text)[0].entry.code == code


def test_duty_ranking_is_sure_or_not():
    index = DutyIndex(DUTIES)
    assert is_sure(index.rank("路灯坏了没人修"))
    assert not is_sure(index.rank("废水和垃圾"))
    assert index.rank("我想反映一个情况") == []
    assert all(0 <= row.score <= 1 for row in index.rank("路灯路灯路灯垃圾工地施工停水物业"))


def test_names_are_read_again_when_rows_change_and_survive_a_lost_database():
    clock, answers = [0.0], [Vocabulary("1", (Entry("place", "A", "槐树街"),), ())]

    def read():
        if not answers:
            raise RuntimeError("no database")
        return answers[-1]

    city = City(read=read, clock=lambda: clock[0])
    assert found(city.names().gazetteer, "槐树街") != []
    before = city.names()
    clock[0] += REFRESH_SECONDS + 1
    assert city.names() is before
    answers.append(Vocabulary("2", (Entry("place", "B", "柳树街"),), ()))
    clock[0] += REFRESH_SECONDS + 1
    assert [s.value for s in city.names().gazetteer.find("柳树街")] == ["B"]
    answers.clear()
    clock[0] += REFRESH_SECONDS + 1
    assert [s.value for s in city.names().gazetteer.find("柳树街")] == ["B"]


def test_vocabulary_of_the_database(city):
    read = vocabulary()
    assert read.version == vocabulary().version
    assert {entry.kind for entry in read.entries} >= {"place", "unit", "duty_item"}
    assert read.duties
    item = city.items[next(iter(city.items))] if hasattr(city, "items") and isinstance(city.items, dict) else None
    if item is not None:
        item.name = item.name + "改"
        item.save()
        assert vocabulary().version != read.version

"""Terms, sounds and readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import analysis


def texts(folded: str) -> list[str]:
    return [term.text for term in analysis.terms(folded)]


def sounds(text: str) -> list[str]:
    return [term.sound for term in analysis.terms(analysis.fold(text))]


def test_a_run_of_characters_becomes_overlapping_pairs():
    assert texts("公积金") == ["公积", "积金"]


def test_a_lone_character_and_latin_runs_stand_for_themselves():
    assert texts("税 app 12345") == ["税", "app", "12345"]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("住房公積金", "住房公积金"),
        ("居住證，怎麼辦？", "居住证 怎么办"),
        ("「公积金」——提取……", "公积金 提取"),
        ("\u200b公\x00积 金\ufeff", "公 积 金"),
    ],
)
def test_folding_makes_ways_of_writing_equal(written: str, plain: str):
    assert analysis.fold(written) == plain


@pytest.mark.parametrize(("meant", "heard"), [("公积金", "公基金"), ("工资", "工姿"), ("居住证", "居住正"), ("南宁", "兰林")])
def test_words_that_sound_alike_have_one_sound(meant: str, heard: str):
    assert sounds(meant) == sounds(heard)


def test_courtesies_do_not_count_but_alone_they_stay():
    assert analysis.fold_query("您好，请问一下公积金怎么提取啊？") == "公积金怎么提取"
    assert analysis.fold_query("你好") == "你好"


def test_a_query_of_100_kb_is_cut():
    assert len(analysis.fold_query("公积金" * 40_000)) == analysis.QUERY_MAX_CHARS


def test_words_with_synonyms_are_found_with_their_place_and_other_words():
    groups = [("住房公积金", "公积金"), ("居住证", "暂住证")]
    assert analysis.concepts("公积金和暂住证", groups) == [
        analysis.Concept(0, 3, ("住房公积金",)),
        analysis.Concept(4, 7, ("居住证",)),
    ]


def test_the_longest_of_overlapping_words_counts():
    groups = [("社会保险", "社保", "社保卡余额"), ("社会保障卡", "社保卡")]
    assert [(found.start, found.end) for found in analysis.concepts("社保卡丢了", groups)] == [(0, 3)]


def test_a_word_that_stands_in_the_question_already_is_not_added():
    assert analysis.concepts("住房公积金怎么提取", [("住房公积金", "公积金")]) == []


@given(st.text(max_size=300))
def test_no_text_breaks_the_analysis_and_folding_is_settled(text: str):
    folded = analysis.fold(text)
    assert analysis.fold(folded) == folded
    for term in analysis.terms(folded):
        assert term.text
        assert not term.text.isspace()
        assert " " not in term.text + term.sound

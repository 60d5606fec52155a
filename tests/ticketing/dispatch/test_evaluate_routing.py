"""`manage.py evaluate_routing` as a user would run it: two files in, figures out, no database."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.ticketing.dispatch.messages import messages, write_csv
from ticketing.dispatch.labelled import Message, UnreadableTable, cut, read_table

KEYS = {"macro_f1", "accuracy", "top3", "coverage_at_95", "ms_per_text"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write_csv(tmp_path / "a.csv", messages(120), bom=True), write_csv(tmp_path / "b.csv", messages(45, seed=7))


def evaluate(train: Path, test: Path, *options: str) -> list[str]:
    out = StringIO()
    call_command("evaluate_routing", "--train", str(train), "--test", str(test), *options, stdout=out)
    return out.getvalue().strip().splitlines()


def test_the_last_line_is_json_with_the_five_figures(files: tuple[Path, Path]) -> None:
    found = json.loads(evaluate(*files, "--json")[-1])
    assert found.keys() == KEYS
    assert found["macro_f1"] > 0.9
    assert found["accuracy"] <= found["top3"] <= 1.0
    assert found["coverage_at_95"] > 0.8
    assert 0 < found["ms_per_text"] < 1000


def test_without_json_the_figures_are_words(files: tuple[Path, Path]) -> None:
    lines = evaluate(*files)
    assert lines[0] == "a.csv: 120 rows, 120 used, 3 labels."
    assert any("thresholds learned in training" in line for line in lines)
    assert not lines[-1].startswith("{")


def test_fewer_characters_say_less(files: tuple[Path, Path]) -> None:
    whole, two = (json.loads(evaluate(*files, *cut_to, "--json")[-1]) for cut_to in ((), ("--truncate", "2")))
    assert two["accuracy"] < whole["accuracy"]


def test_dirt_is_counted_and_said(tmp_path: Path) -> None:
    dirty = [
        *messages(60),
        ("", "供水"),
        ("  \u3000", "供水"),
        ("家里停水", ""),
        ("水管&nbsp;又爆了", " 供水 "),
        ("\n\t\t自来水　发黄　两天", "供水"),
        ("ＡＴＭ旁边水表坏了", "供水"),
        messages(1)[0],
        (messages(1)[0][0], "另一类"),
        ("多了一栏", "供水", "x", "y"),
    ]
    lines = evaluate(
        write_csv(tmp_path / "a.csv", dirty), write_csv(tmp_path / "b.csv", [*messages(9, seed=5), ("新", "没学过")])
    )
    said = "\n".join(lines)
    assert "a.csv: 69 rows, 65 used, 4 labels." in said
    for sentence in (
        "2 rows without text or title",
        "1 rows without a label",
        "1 rows with HTML entities",
        "1 rows with full-width",
        "1 rows the same as an earlier row",
        "1 rows the text of an earlier row with another label",
        "1 rows with more fields than the heading",
        "labels that only the test has, always wrong: 没学过",
    ):
        assert sentence in said


def test_texts_that_stand_in_both_files_are_pointed_out(files: tuple[Path, Path]) -> None:
    assert any("120 test texts also stand in the training file" in line for line in evaluate(files[0], files[0]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"content,category\nx,y\n", "needs the columns text,label"),
        (b"", "needs the columns text,label"),
        (b"text,label,label\nx,y,z\n", "each once"),
        ("text,label\n停水,供水\n".encode("gb18030"), "is not UTF-8"),
        (b"text,label\n,\n", "no row with a text and a label"),
        ("text,label\n停水,供水\n爆管,供水\n".encode(), "at least two are needed"),
    ],
)
def test_a_file_that_will_not_do_gets_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    bad, good = tmp_path / "bad.csv", write_csv(tmp_path / "b.csv", messages(9))
    bad.write_bytes(content)
    with pytest.raises(CommandError) as raised:
        evaluate(bad, good)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_a_folder_get_one_sentence(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "b.csv", messages(9))
    with pytest.raises(CommandError, match="There is no file"):
        evaluate(tmp_path / "none.csv", good)
    with pytest.raises(CommandError, match="is a folder"):
        evaluate(good, tmp_path)
    with pytest.raises(CommandError, match="--truncate"):
        evaluate(good, good, "--truncate", "-1")


def test_a_heading_is_found_in_any_order_and_case(tmp_path: Path) -> None:
    rows: list[tuple[str, ...]] = [("停水通知", "供水", "家里停水\n三天"), ("", "公交", "车不停"), ("只有标题", "供水", "")]
    table = read_table(write_csv(tmp_path / "a.csv", rows, (" Title", "LABEL ", "Text")), keep_duplicates=True)
    assert [m.whole for m in table.messages] == ["停水通知\n家里停水\n三天", "车不停", "只有标题"]
    assert table.dirt["title_only"] == 1


def test_a_title_is_said_once_and_first() -> None:
    assert Message("停水三天了", "x", "停水").whole == "停水三天了"
    assert cut(Message("\t\t家里停水三天了", "x", "求助").whole, 5) == "求助家里停"
    assert cut("家里停水", 0) == "家里停水"


def test_an_empty_table_is_refused_by_the_reader(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable):
        read_table(write_csv(tmp_path / "a.csv", []), keep_duplicates=False)

"""Catalogues are compiled without GNU gettext, and only those that changed."""

import gettext
import os

import pytest

from hotline.runtime import catalogues


@pytest.fixture
def source(tmp_path, monkeypatch):
    path = tmp_path / "django.po"
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Order"\nmsgstr "工单"\n', encoding="utf-8"
    )
    monkeypatch.setattr(catalogues, "sources", lambda: [path])
    return path


def test_compiled_once_then_left_alone_then_again_when_changed(source):
    assert catalogues.compile_catalogues() == [source.with_suffix(".mo")]
    with source.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Order") == "工单"
    assert catalogues.compile_catalogues() == []
    later = source.with_suffix(".mo").stat().st_mtime + 10
    os.utime(source, (later, later))
    assert len(catalogues.compile_catalogues()) == 1


def test_broken_catalogue_is_named(source):
    source.write_text('msgid "Order"\nnonsense "line\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"django\.po"):
        catalogues.compile_catalogues(force=True)


def test_every_room_with_pages_is_found():
    assert any("runtime" in str(path) for path in catalogues.sources())

"""A small city: two districts, a place, a duty item with questions, and an order ready to be tracked."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from ticketing.organisation.models import DutyItem, DutyQuestion, Place


@pytest.fixture
def town(city, monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    place = Place.objects.create(code="P1", name="人民公园", aliases=["老公园"], kind="park", region=city.regions["east"])
    item = DutyItem.objects.create(
        code="0101",
        name="门灯不亮",
        category=city.items["LAMP"].category,
        order_type=city.types["complaint"],
        keywords=["路灯"],
        owner=city.units["LIGHT"],
    )
    DutyQuestion.objects.create(
        item=item,
        slot="lamps",
        kind="choice",
        prompt_zh="坏了几盏?",
        prompt_en="How many?",
        required=True,
        choices=[{"value": "one", "zh": "一盏", "en": "One"}, {"value": "many", "zh": "多盏", "en": "Many"}],
    )
    monkeypatch.setattr("hotline.portal.report_views.duty_items_for", lambda text, limit=5: [item] if "路灯" in text else [])
    return {"place": place, "item": item, "unit": city.units["LIGHT"]}


def picture(name="lamp.jpg", size=(40, 30)):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


FIELDS = {
    "order_type": "complaint",
    "content": "公园门口的路灯三天不亮了",
    "place_text": "人民公园",
    "secrecy": "open",
    "phone": "19900001234",
    "name": "王女士",
    "agreed": "on",
}


@pytest.fixture
def fields():
    return dict(FIELDS)


@pytest.fixture
def make_picture():
    return picture

"""Reporting in three steps: read back, sent once, files judged by content, anonymous and sealed."""

from __future__ import annotations

import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from hotline.conversations.models import Conversation
from hotline.portal import actions, selectors
from hotline.portal.models import DraftFile, ReportDraft
from ticketing.orders.models import WorkOrder

pytestmark = pytest.mark.django_db


def to_check(client, fields, **more):
    """Steps one and two; the key of the draft."""
    answer = client.post("/report/", {**fields, **more})
    assert answer.status_code == 302, answer.content.decode()
    key = answer.url.split("/")[2]
    answer = client.post(f"/report/{key}/item/", {"duty_item": "0101", "answer_lamps": "many"})
    assert answer.status_code == 302
    return key


def test_the_whole_way(client, town, fields, make_picture):
    key = to_check(client, fields, photos=[make_picture()])
    page = client.get(f"/report/{key}/check/").content.decode()
    for said in ("公园门口的路灯三天不亮了", "门灯不亮", "坏了几盏?", "多盏", "人民公园", "19900001234", "王女士"):
        assert said in page
    assert WorkOrder.objects.count() == 0
    page = client.post(f"/report/{key}/check/", follow=True).content.decode()
    order = WorkOrder.objects.get()
    assert order.number[:6] in page and order.query_code in page and "<svg" in page
    assert (order.duty_item, order.place, order.answers, order.channel) == (
        town["item"],
        town["place"],
        {"lamps": "many"},
        "form",
    )
    assert order.attachments.count() == 1 and DraftFile.objects.count() == 0
    talk = Conversation.objects.get()
    assert (talk.channel, talk.status, talk.order_number) == ("form", "ended", order.number)
    assert order.conversation_ref == str(talk.pk) and talk.turns.get().text == fields["content"]
    assert order.citizen.consents.get().purpose == "handle_matter"
    assert ReportDraft.objects.get().data == ""


def test_sent_twice_is_one_order(client, town, fields):
    key = to_check(client, fields)
    first = client.post(f"/report/{key}/check/")
    second = client.post(f"/report/{key}/check/")
    assert first.url == second.url and WorkOrder.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_double_click_in_two_threads_is_one_order(client, town, fields):
    draft = selectors.draft(to_check(client, fields))
    start, numbers = threading.Barrier(2), []

    def send():
        start.wait()
        try:
            numbers.append(actions.submit(draft=draft)[0].number)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 2 and len(set(numbers)) == 1 and WorkOrder.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"content": ""}, "id_content"),
        ({"content": "短"}, "id_content"),
        ({"content": "长" * 6000}, "id_content"),
        ({"phone": ""}, "id_phone"),
        ({"phone": "call me"}, "id_phone"),
        ({"order_type": "nonsense"}, "id_order_type"),
        ({"agreed": ""}, "id_agreed"),
    ],
)
def test_wrong_fields_are_named_and_the_rest_is_kept(client, town, fields, change, word):
    answer = client.post("/report/", {**fields, **change})
    page = answer.content.decode()
    assert answer.status_code == 422 and f'href="#{word}"' in page
    assert 'value="人民公园"' in page and ReportDraft.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo.jpg", b"this is no picture"),
        ("photo.png", b"\x89PNG\r\n\x1a\n broken"),
        ("page.html", b"<script>alert(1)</script>"),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("empty.jpg", b"\x00"),
    ],
)
def test_file_of_the_wrong_type(client, town, fields, name, data):
    answer = client.post("/report/", {**fields, "photos": SimpleUploadedFile(name, data, content_type="image/jpeg")})
    assert answer.status_code == 422 and name in answer.content.decode()
    assert ReportDraft.objects.count() == 0


def test_file_that_is_too_large(client, town, fields, make_picture, settings):
    settings.UPLOAD_MAX_BYTES = 100
    assert client.post("/report/", {**fields, "photos": make_picture()}).status_code == 422


def test_too_many_files(client, town, fields, make_picture, settings):
    settings.UPLOAD_MAX_FILES = 1
    assert client.post("/report/", {**fields, "photos": [make_picture(), make_picture()]}).status_code == 422


def test_anonymous_keeps_no_contact(client, town, fields):
    key = to_check(client, fields, secrecy="anonymous")
    client.post(f"/report/{key}/check/")
    order = WorkOrder.objects.get()
    assert order.citizen is None and Conversation.objects.get().citizen is None


def test_report_against_somebody_is_sealed(client, town, fields):
    key = to_check(client, fields, order_type="report")
    client.post(f"/report/{key}/check/")
    assert WorkOrder.objects.get().secrecy == "sealed"


def test_confidential(client, town, fields):
    key = to_check(client, fields, secrecy="confidential")
    client.post(f"/report/{key}/check/")
    assert WorkOrder.objects.get().secrecy == "confidential"


def test_required_question_is_asked(client, town, fields):
    key = client.post("/report/", fields).url.split("/")[2]
    answer = client.post(f"/report/{key}/item/", {"duty_item": "0101"})
    assert answer.status_code == 422 and "坏了几盏" in answer.content.decode()
    assert client.post(f"/report/{key}/item/", {"duty_item": ""}).status_code == 302


def test_questions_without_a_script_and_with_one(client, town, fields):
    key = client.post("/report/", fields).url.split("/")[2]
    page = client.post(f"/report/{key}/item/", {"duty_item": "0101", "show": "1"}).content.decode()
    assert "坏了几盏" in page and "<html" in page
    part = client.get(f"/report/{key}/item/?duty_item=0101", headers={"HX-Request": "true"}).content.decode()
    assert "坏了几盏" in part and "<html" not in part


def test_suggestions_while_typing(client, town):
    assert "门灯不亮" in client.get("/report/items/", {"content": "我们小区路灯坏了"}).content.decode()
    assert "人民公园" in client.get("/report/places/", {"place_text": "公园"}).content.decode()
    assert "人民公园" in client.get("/report/places/", {"place_text": "老公园"}).content.decode()
    assert client.get("/report/places/", {"place_text": ""}).status_code == 200


def test_what_was_typed_is_sealed_until_sent(client, town, fields):
    client.post("/report/", fields)
    with connection.cursor() as cursor:
        cursor.execute("select data from portal_reportdraft")
        assert "19900001234" not in cursor.fetchone()[0]


def test_foreign_or_used_key(client, town, fields):
    assert client.get("/report/" + "0" * 32 + "/check/").status_code == 404
    key = to_check(client, fields)
    client.post(f"/report/{key}/check/")
    assert client.get(f"/report/{key}/edit/").status_code == 404
    assert client.get(f"/report/{key}/check/").url.endswith("/receipt/")


def test_changed_place_text_drops_the_chosen_place(client, town, fields):
    answer = client.post("/report/", {**fields, "place": "P1", "place_text": "西门外的小路"})
    assert selectors.draft_data(selectors.draft(answer.url.split("/")[2]))["place"] == ""


def test_too_many_reports_from_one_address(client, town, fields, settings):
    settings.REPORTS_PER_HOUR = 1
    client.post(f"/report/{to_check(client, fields)}/check/")
    answer = client.post(f"/report/{to_check(client, fields)}/check/")
    assert answer.status_code == 429 and WorkOrder.objects.count() == 1


def test_old_drafts_are_forgotten_with_their_files(client, town, fields, make_picture, settings):
    from datetime import timedelta

    from django.utils import timezone

    to_check(client, fields, photos=[make_picture()])
    ReportDraft.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert actions.forget_old_drafts() == 1
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


@pytest.mark.parametrize("address", ["/", "/privacy/", "/report/", "/track/", "/chat/"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_in_both_languages(client, town, address, language):
    client.cookies["django_language"] = language
    assert client.get(address).status_code == 200

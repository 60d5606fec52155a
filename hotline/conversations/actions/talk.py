"""What the citizen does: opens a conversation, speaks, presses a key. Each is stored before the bot is asked."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatbot.dialogue.moves import END, HAND_OVER, KEY, ORDER_CREATED, SILENCE, START, TEXT, Move, Utterance
from hotline.conversations import bot, locks, selectors
from hotline.conversations.actions import _rows, owner
from hotline.conversations.actions.asking import take_answer
from hotline.conversations.errors import ConversationEnded, UnknownKey
from hotline.conversations.models import Conversation, ConversationEvent, Turn
from ticketing.citizens.actions import Contact, InvalidContact, find_or_create_citizen, normalise_phone
from ticketing.citizens.sealing import blind_index
from ticketing.orders.sealed import open_number

log = structlog.get_logger(__name__)

KEYS = re.compile(r"[0-9*#]{1,20}")
BOT_TRIES = 3  # how often a bot turn is computed anew when another process was faster
LANGUAGES = ("zh-hans", "en")

BOT_FAILED = _("Our automatic service has a fault just now. A person will take over; what you said is kept.")


class Line(Protocol):
    """A hotline number as far as a conversation needs it."""

    number: str
    answer_first: str


def start_conversation(
    *,
    channel: str,
    line: Line | str | None = None,
    language: str = "zh-hans",
    caller: str = "",
    external_id: str = "",
    greeting: str = "",
    with_bot: bool = True,
) -> Conversation:
    """Open a conversation and have it greeted.

    `caller` is a telephone number that the network vouches for. A line that is answered by a person first goes to the
    queue at once. The returned object carries `token`, the citizen's key; only its blind index is stored.
    With an `external_id` that is known and still open the same conversation is returned (a webhook that is sent twice).
    """
    language = language if language in LANGUAGES else LANGUAGES[0]
    if external_id:
        known = selectors.by_external_id(channel, external_id)
        if known is not None:
            return known
    token = secrets.token_hex(16)
    phone = _phone(caller)
    person_first = not isinstance(line, str) and line is not None and line.answer_first == "person"
    with transaction.atomic():
        conversation = Conversation.objects.create(
            channel=channel,
            external_id=external_id[:64],
            token_index=blind_index(token, "conversation"),
            line_number=line if isinstance(line, str) else (line.number if line else ""),
            citizen=find_or_create_citizen(contact=Contact(phone=phone), language=language) if phone else None,
            language=language,
            dialogue=bot.begin(channel=channel, language=language, caller_phone=phone),
        )
        _rows.note(conversation, ConversationEvent.Kind.STARTED, by="citizen", channel=channel)
        if person_first:
            if greeting:
                _rows.add_turn(conversation, speaker=Turn.Speaker.BOT, text=greeting, data={"prompt": "greeting"})
            owner.queue(conversation, reason="person_first", by="system")
    if with_bot and not person_first:
        run_bot(conversation=conversation, utterance=Utterance(text=greeting, kind=START))
    conversation.refresh_from_db()
    conversation.token = token
    return conversation


def citizen_says(
    *,
    conversation: Conversation,
    text: str,
    kind: str = "text",
    confidence: float | None = None,
    audio_ms: int | None = None,
    client_ref: str = "",
) -> list[Turn]:
    """Store what the citizen said as the next turn; while the bot owns the conversation, store its answer too.

    Returns the new turns, the citizen's first. The same `client_ref` again returns what it gave the first time and
    stores nothing (and lets the bot answer if the process died before it could).
    Raises EmptyText, TextTooLong, ConversationEnded, UnknownConversation.
    """
    return _hear(conversation, _rows.clean_text(text), kind=kind, confidence=confidence, audio_ms=audio_ms, client_ref=client_ref)


def press_key(*, conversation: Conversation, digit: str, audio_ms: int | None = None, client_ref: str = "") -> list[Turn]:
    """Store pressed keys (0-9, * and #) and have the bot answer. Raises UnknownKey, ConversationEnded."""
    if not KEYS.fullmatch(digit):
        raise UnknownKey
    return _hear(conversation, digit, kind="key", audio_ms=audio_ms, client_ref=client_ref)


def citizen_silent(*, conversation: Conversation) -> list[Turn]:
    """The citizen was asked and said nothing: let the bot ask again or hand over. Stores the bot's turns only."""
    return run_bot(conversation=conversation, utterance=Utterance(kind=SILENCE))


def record(*, conversation: Conversation, text: str, client_ref: str = "") -> Turn:
    """Store what the citizen wrote without asking the bot: a form, a letter. Raises EmptyText, TextTooLong."""
    words = _rows.clean_text(text)
    with transaction.atomic():
        row = _rows.lock(conversation)
        heard = row.turns.filter(client_ref=client_ref).first() if client_ref else None
        return heard or _rows.add_turn(row, speaker=Turn.Speaker.CITIZEN, text=words, client_ref=client_ref)


def add_heard_later(
    *,
    conversation: Conversation,
    text: str,
    confidence: float,
    audio_ms: int,
    ms: int,
    recording_began: datetime,
    client_ref: str,
) -> Turn | None:
    """Add what was recognised from a call's recording afterwards, marked, at the time at which it was said.

    `audio_ms` and `ms` are the stretch of the recording, `recording_began` its beginning. The bot is not asked: the moment
    has passed. Returns the turn, or None when the words stand in the turns around the stretch already. Doing it again
    with the same `client_ref` gives the first turn.
    """
    words = _rows.clean_text(text)
    with transaction.atomic():
        row = _rows.lock(conversation)
        known = row.turns.filter(client_ref=client_ref[: _rows.CLIENT_REF_CHARS]).first()
        if known is not None:
            return known
        spoken = row.turns.filter(speaker=Turn.Speaker.CITIZEN, audio_ms__isnull=False).exclude(data__has_key="late")
        before = spoken.filter(audio_ms__lte=audio_ms).order_by("audio_ms", "seq").last()
        after = spoken.filter(audio_ms__gt=audio_ms).order_by("audio_ms", "seq").first()
        if any(turn is not None and _bare(words) in _bare(turn.text) for turn in (before, after)):
            return None
        said_at = min(recording_began + timedelta(milliseconds=audio_ms + ms), timezone.now())
        if before is not None:
            said_at = max(said_at, before.at)
        if after is not None:  # gaps of the line make the recording shorter than the call: its neighbours know better
            said_at = min(said_at, after.at - timedelta(milliseconds=1))
        return _rows.add_turn(
            row,
            speaker=Turn.Speaker.CITIZEN,
            text=words,
            data={"late": True},
            confidence=confidence,
            audio_ms=audio_ms,
            client_ref=client_ref,
            said_at=said_at,
        )


def _bare(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def run_bot(*, conversation: Conversation, utterance: Utterance) -> list[Turn]:
    """Have the bot answer one utterance and carry out its moves, as long as the bot owns the conversation.

    The engine runs outside any transaction (it may wait for a server); the answer is stored only if nobody else
    changed the memory meanwhile, else it is worked out anew.
    """
    with locks.of(conversation.pk):
        for _attempt in range(BOT_TRIES):
            before = Conversation.objects.get(pk=conversation.pk)
            if before.owner != Conversation.Owner.BOT or before.status != Conversation.Status.OPEN:
                return []
            try:
                reply = bot.reply(conversation=before, utterance=utterance)
            except Exception:
                # Whatever breaks in the bot, the citizen is never left alone with it.
                log.exception("conversation.bot_failed", conversation=str(before.pk))
                return owner.hand_over_after_fault(conversation=before, message=BOT_FAILED)
            turns = _carry_out(before, reply)
            if turns is not None:
                return turns
    return owner.hand_over_after_fault(conversation=conversation, message=BOT_FAILED)


def _hear(
    conversation: Conversation,
    text: str,
    *,
    kind: str,
    confidence: float | None = None,
    audio_ms: int | None = None,
    client_ref: str = "",
) -> list[Turn]:
    client_ref = client_ref[: _rows.CLIENT_REF_CHARS]
    with transaction.atomic():
        row = _rows.lock(conversation)
        heard = row.turns.filter(client_ref=client_ref).first() if client_ref else None
        if heard is not None:
            later = _answers_to(heard)
            if later or row.owner != Conversation.Owner.BOT:
                return [heard, *later]
        else:
            if row.status == Conversation.Status.ENDED:
                raise ConversationEnded
            if row.status == Conversation.Status.BROKEN_OFF:
                owner.resume(row)
            heard = _rows.add_turn(
                row,
                speaker=Turn.Speaker.CITIZEN,
                text=text,
                kind=kind,
                data=_meaning_of_key(row, text) if kind == "key" else None,
                confidence=confidence,
                audio_ms=audio_ms,
                client_ref=client_ref,
            )
            told = take_answer(row, text) if kind == "text" and row.owner == Conversation.Owner.BOT else None
            if told is not None:
                return [heard, told]
    if row.owner != Conversation.Owner.BOT:
        return [heard]
    utterance = Utterance(text=text, kind=KEY if kind == "key" else TEXT, seq=heard.seq, confidence=confidence)
    return [heard, *run_bot(conversation=row, utterance=utterance)]


def _meaning_of_key(row: Conversation, key: str) -> dict[str, str]:
    """The words of the choice that a key stands for just now, for those who read along."""
    choices = bot.recall(row.dialogue).choices if row.owner == Conversation.Owner.BOT else []
    return next(({"label": choice.label} for choice in choices if choice.key == key), {})


def _answers_to(heard: Turn) -> list[Turn]:
    """The turns between a citizen's turn and the next one."""
    answers = []
    for turn in Turn.objects.filter(conversation_id=heard.conversation_id, seq__gt=heard.seq).order_by("seq"):
        if turn.speaker == Turn.Speaker.CITIZEN:
            break
        answers.append(turn)
    return answers


def _carry_out(before: Conversation, reply: bot.Reply) -> list[Turn] | None:
    """Store the moves; None when another process was faster and the reply no longer fits."""
    turns: list[Turn] = []
    with transaction.atomic():
        row = _rows.lock(before)
        if row.owner != Conversation.Owner.BOT or row.status != Conversation.Status.OPEN:
            _rows.note(row, ConversationEvent.Kind.DROPPED, by="bot", owner=row.owner, moves=len(reply.moves))
            return []
        if row.dialogue != before.dialogue:
            return None
        row.dialogue = reply.memory
        row.save(update_fields=["dialogue"])
        for move in reply.moves:
            if move.text:
                turns.append(_store(row, move))
            if move.kind == ORDER_CREATED and move.data.get("number"):
                owner.link(row, str(move.data["number"]), by="bot")
            elif move.kind == HAND_OVER:
                reason = str(move.data.get("reason") or "asked")
                row.summary = str(move.data.get("summary") or "")[:1000]
                row.save(update_fields=["summary"])
                turns.append(owner.queue(row, reason=reason, by="bot", announced=bool(move.text)) or turns[-1])
                break
            elif move.kind == END:
                owner.finish(row, by="bot", reason=str(move.data.get("reason") or "done"))
                break
    return list(dict.fromkeys(turns))


def _store(row: Conversation, move: Move) -> Turn:
    data = bot.turn_data(move)
    if data.get("number") and not open_number(str(data["number"])):  # of a sealed report: it stands in the sealed text alone
        data = {name: value for name, value in data.items() if name not in ("number", "query_code")}
    kind = "card" if {"sources", "number", "choices"} & data.keys() else "text"
    turn = _rows.add_turn(row, speaker=Turn.Speaker.BOT, text=move.text, kind=kind, data=data)
    turn.speech = move.speech
    return turn


def _phone(caller: str) -> str:
    """The caller's number in plain digits, "" when the network gave none (anonymous, a browser's client name)."""
    try:
        return normalise_phone(caller)
    except InvalidContact:
        return ""


def touch(*, conversation: Conversation) -> None:
    """Note that the citizen's page is still open, so that the conversation is not taken for left behind."""
    Conversation.objects.filter(pk=conversation.pk, status=Conversation.Status.OPEN).update(active_at=timezone.now())

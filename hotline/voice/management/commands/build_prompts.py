from __future__ import annotations

import json
import shutil
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from chatbot.dialogue.prompts import fixed_prompts
from chatbot.dialogue.prompts import spoken as as_spoken
from hotline.conversations.actions import owner, talk
from hotline.voice.speaking import PROMPTS, sentences
from hotline.voice.wave import write_mulaw
from speech_models import synth

LANGUAGE, LOCALE = "zh", "zh-hans"  # English is left to espeak-ng: the built-in model hears no English anyway
MOST_BYTES = 3_000_000
NOTICES = {
    "waiting": owner.WAITING,
    "agent_left": owner.AGENT_LEFT,
    "transferring": owner.TRANSFERRING,
    "on_hold": owner.ON_HOLD,
    "still_on_hold": owner.STILL_ON_HOLD,
    "off_hold": owner.OFF_HOLD,
    "bot_failed": talk.BOT_FAILED,
}


class Command(BaseCommand):
    help = "Speak the bot's fixed sentences with espeak-ng and keep them in the source, for machines that have no espeak-ng."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not synth.available():
            raise CommandError("espeak-ng is not installed: apt install espeak-ng")
        spoken: dict[tuple[str, str], str] = {}
        for prompt in fixed_prompts():
            for sentence in sentences(as_spoken(prompt.speech[LANGUAGE])):
                spoken.setdefault((LANGUAGE, sentence), prompt.code)
        for code, message in NOTICES.items():
            with translation.override(LOCALE):
                for sentence in sentences(str(message)):
                    spoken.setdefault((LANGUAGE, sentence), code)
        shutil.rmtree(PROMPTS, ignore_errors=True)
        PROMPTS.mkdir()
        rows: list[dict[str, str]] = []
        total = 0
        for (language, sentence), code in spoken.items():
            pcm = synth.synthesise(sentence, language=language, keep=False)
            if pcm is None:
                raise CommandError(f"{code}: espeak-ng made no sound.")
            number = sum(row["code"] == code and row["language"] == language for row in rows)
            name = f"{code.replace('.', '-')}{f'-{number + 1}' if number else ''}.{language}.wav"
            write_mulaw(PROMPTS / name, pcm)
            rows.append({"code": code, "language": language, "text": sentence, "file": name})
            total += (PROMPTS / name).stat().st_size
        (PROMPTS / "manifest.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if total > MOST_BYTES:
            raise CommandError(f"The prompts take {total:,} bytes; at most {MOST_BYTES:,} belong into the source.")
        self.stdout.write(f"{len(rows)} sentences, {total:,} bytes")

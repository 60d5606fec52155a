from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hotline.voice.wave import write_mulaw
from speech_models import mulaw, synth
from speech_models.service import get_recogniser

LEADS_MS = (300, 400, 500, 620)  # silence before and after; the decoder sees every third frame only, so its length matters


class Command(BaseCommand):
    help = "Speak the demo callers' sentences (recordings/scenarios.yml of the city) and check that each is heard exactly."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.CITY_DIR) / "recordings"
        source = yaml.safe_load((folder / "scenarios.yml").read_text(encoding="utf-8"))
        scenarios = source["scenarios"]
        if not synth.available():
            raise CommandError("espeak-ng is not installed: apt install espeak-ng")
        for old in folder.glob("*.wav"):
            old.unlink()
        recogniser = get_recogniser()
        manifest, wrong = [], []
        for scenario in scenarios:
            rows = []
            for said in scenario["utterances"]:
                if "keys" in said:
                    rows.append(said)
                    continue
                pcm = synth.synthesise(
                    said["text"], keep=False, voice=scenario.get("voice", ""), speed=scenario.get("speed", 175)
                )
                if pcm is None:
                    raise CommandError(f"{scenario['code']}/{said['code']}: espeak-ng made no sound.")
                name = f"{scenario['code']}-{said['code']}.wav"
                write_mulaw(folder / name, pcm)
                sent = mulaw.decode(mulaw.encode(pcm))
                for lead in (bytes(ms * synth.RATE // 1000 * 2) for ms in LEADS_MS):
                    heard = recogniser.transcribe(lead + sent + lead).text
                    if heard != said["text"]:
                        wrong.append(f"{name}: wanted {said['text']!r}, heard {heard!r}")
                rows.append({**said, "file": name, "ms": len(pcm) // 2 * 1000 // synth.RATE})
            manifest.append({**{key: scenario[key] for key in ("code", "about", "phone", "withheld")}, "utterances": rows})
        if wrong:
            raise CommandError("Not heard as written:\n" + "\n".join(wrong))
        cast = yaml.safe_load((Path(settings.CITY_DIR) / "cast.yml").read_text(encoding="utf-8"))
        staff = [{"username": person["username"], "name": person["name"], "roles": person["roles"]} for person in cast["staff"]]
        content = {
            "rate": synth.RATE,
            "password": cast["password"],
            "staff": staff,
            "scenarios": manifest,
            "chats": source["chats"],
            "reply": source["reply"],
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
        self.stdout.write(f"{len(list(folder.glob('*.wav')))} recordings, all heard exactly as written.")

"""docker/ says nothing that settings and commands do not know. The images themselves are built where there is an engine."""

import re

import yaml

from tests.stack.places import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yml").read_text(encoding="utf-8"))
START = (ROOT / "docker" / "start").read_text(encoding="utf-8")


def test_every_variable_of_the_containers_is_a_setting():
    settings = (ROOT / "hotline" / "settings.py").read_text(encoding="utf-8")
    for variable in COMPOSE["x-app"]["environment"]:
        assert re.search(rf'env\.\w+\(\s*"{variable}"', settings), variable


def test_every_role_of_a_service_is_one_that_the_image_can_play():
    for name, service in COMPOSE["services"].items():
        if "command" in service and service.get("image", "").startswith("hotline"):
            assert re.search(rf"^  {service['command']}\)", START, re.MULTILINE), name


def test_commands_of_a_release_exist():
    from django.core.management import get_commands

    known = get_commands()
    for command in re.findall(r"python manage\.py ([a-z_]+)", START):
        assert command in known


def test_only_nginx_is_reached_from_outside():
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["nginx"]


def test_calls_go_to_the_media_group():
    rules = (ROOT / "docker" / "nginx.conf").read_text(encoding="utf-8")
    pattern = re.search(r"location ~ (\S+) \{\s*proxy_pass http://media", rules)
    assert pattern
    assert re.search(pattern.group(1), "/voice/media/")
    assert re.search(pattern.group(1), "/voice/media")
    assert not re.search(pattern.group(1), "/voice/twilio/incoming/")


def test_packages_of_the_image_are_the_pinned_ones():
    text = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    assert "-r requirements.txt" in text
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert all("==" in line for line in pins.splitlines() if re.match(r"[A-Za-z0-9]", line))

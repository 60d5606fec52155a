# The commands of the house. Everything is made in .venv and VAR_DIR (var/); nothing outside the clone is changed by `run`.
PYTHON ?= $(shell command -v python3 || command -v python || echo python3)
PORT ?= 8000
export PORT
PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench rasa-train rasa-serve requirements

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup:  ## make .venv and install what running needs
	@$(PYTHON) bin/setup.py

run: setup  ## prepare everything and serve on http://127.0.0.1:$(PORT); the first run plays a call and a chat
	@$(PY) bin/run.py

setup-dev:
	@$(PYTHON) bin/setup.py --dev

check: setup-dev  ## style, types, floors of the house, Django's own checks
	@$(PY) bin/check.py

test: setup-dev  ## check, then all tests: embedded, on the production-shaped stack, in a browser
	@$(PY) bin/test.py

bench: setup-dev  ## measure and write benchmarks/results.md
	@$(PY) -m benchmarks

rasa-train:  ## train the Rasa model from chatbot/rasa in Rasa's own environment
	@$(PYTHON) bin/setup.py && $(PY) chatbot/rasa/server.py train

rasa-serve:  ## serve that model for RASA_URL=http://127.0.0.1:5005
	@$(PYTHON) bin/setup.py && $(PY) chatbot/rasa/server.py serve

requirements: setup-dev  ## compile requirements*.in to the pinned lists
	@$(PY) bin/pin.py

"""The production-shaped stack for tests: PostgreSQL, Redis, Elasticsearch, Rasa, web, Celery worker and beat.

`python -m tests.stack up --json` starts it on free ports and prints how to reach it, `down` stops it by process id,
`prepare` installs what is missing. `make test` does all three; see docs/testing.md.
"""

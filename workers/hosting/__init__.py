"""The GPU host: takes calls from a Celery queue, generates, and streams the tokens back over Redis.

`python -m workers.hosting`. Knows no database and no secrets.
"""

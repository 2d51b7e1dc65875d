from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

# Also in workers.models.hosted_protocol, which the thin client does not import.
_HOSTS_KEY = "ductape:hosts"
_HOST_KEY = "ductape:host:{host_id}"


def answers_ok(url: str) -> bool:
    """Whether a GET is answered with 200, now."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def host_answers(redis_url: str, name: str) -> bool:
    """Whether a host of this name beats and takes calls, now."""
    import redis

    with redis.Redis.from_url(redis_url) as client:
        ids = client.smembers(_HOSTS_KEY)
        beats = client.mget([_HOST_KEY.format(host_id=host_id.decode()) for host_id in ids]) if ids else []
    statuses = [json.loads(beat) for beat in beats if beat is not None]
    return any(status["name"] == name and status["state"] == "ready" for status in statuses)

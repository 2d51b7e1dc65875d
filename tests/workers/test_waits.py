from __future__ import annotations

import pytest

from workers.models.waits import asked_wait

NOW = 1_788_204_669.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "Mon, 31 Aug 2026 19:31:21 GMT"}, 12),
        ({"Retry-After": "Mon, 31 Aug 2026 19:31:21 -0000"}, 12),
        ({"Retry-After": "Mon, 31 Aug 2020 00:00:00 GMT"}, 0),
        ({"Retry-After": str(int(NOW) + 9)}, 9),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
        ({"x-ratelimit-reset-after": "2"}, 2),
        ({"X-RateLimit-Reset": str(int(NOW + 8) * 1000)}, 8),
        ({"Retry-After": "soon", "x-ratelimit-reset-after": "3"}, 3),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "1e9"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_however_it_is_written_the_wait_is_in_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers, NOW) == seconds


def test_whole_seconds_are_shown_whole() -> None:
    assert f"{asked_wait({'Retry-After': '10'}, NOW)}s" == "10s"

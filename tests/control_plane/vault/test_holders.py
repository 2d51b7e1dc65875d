from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from control_plane.vault import holders
from control_plane.vault.keyring import Keyring
from control_plane.vault.models import KeyHolder


def test_a_process_says_what_it_has_and_what_it_seals_with(db: None, runner_ring: Keyring) -> None:
    holders.say(runner_ring)
    holders.say(runner_ring)

    said = KeyHolder.objects.get()
    assert (said.holds, said.seals_with) == (["at-rest a1", "root r1"], ["at-rest a1", "root r1"])
    assert str(said).startswith("control ")
    assert holders.lacking("at-rest a1") == []
    assert holders.lacking("at-rest a2") == holders.sealing_with("root r1") == [said.name]


def test_processes_of_yesterday_are_forgotten(db: None, control_ring: Keyring) -> None:
    yesterday = timezone.now() - timedelta(days=1, seconds=1)
    KeyHolder.objects.create(name="gone", holds=[], seals_with=[], seen_at=yesterday)
    holders.say(control_ring)
    assert not KeyHolder.objects.filter(name="gone").exists()


@pytest.mark.django_db(transaction=True)
def test_the_thread_survives_whatever_fails(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise SystemExit

    monkeypatch.setattr(holders, "sleep", pause)
    monkeypatch.setattr(KeyHolder.objects, "update_or_create", _fails)
    with pytest.raises(SystemExit):
        holders._say_forever()

    assert pauses == [1, holders.BEAT_SECONDS, holders.BEAT_SECONDS]
    assert [record.message for record in caplog.records] == [
        "the keys of this process could not be recorded: OperationalError"
    ] * 2


def _fails(**_: object) -> None:
    raise OperationalError("canary")


def test_key_files_that_cannot_be_read_are_said_once_a_beat(
    db: None, settings: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.KEYS_DIR = tmp_path  # type: ignore[attr-defined]
    holders._say_once()
    assert "could not be recorded: KeyFilesMissing" in caplog.text

"""How entries are chained: the hash of each covers its own words and the hash of the one before it.

The database links them, in a trigger: the application says what happened, not where it stands. An entry goes to the
first lane of its workspace that no other transaction is writing to, so nobody ever waits for a place, and one lane is
all that a quiet workspace has. A lane is held until the transaction ends: the next one to take it sees its last entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.db.migrations.operations import RunSQL

FORMAT = "ductape/audit/v1"
HASHED = (
    *("id", "workspace_id", "lane", "seq", "at", "action", "kind", "object_id", "tag", "product", "env", "details"),
    *("actor_kind", "actor_id", "actor_name", "actor_member", "request_id", "address"),
)
"""Columns, in this order, each as text."""
_TIME = """to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""
_WORDS = ", ".join(_TIME if column == "at" else f"NEW.{column}::text" for column in HASHED)


def link(previous: bytes, words: Iterable[str]) -> bytes:
    """The hash of an entry, as the trigger makes it. Lengths go before words, so no two entries hash the same bytes.

    Args:
        previous: the hash of the entry before it in its lane; empty for the first one.
    """
    parts = [word.encode() for word in (FORMAT, *words)]
    return hashlib.sha256(previous + b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


def words_of(entry: Any) -> list[str]:
    return [f"{entry.at:%Y-%m-%dT%H:%M:%S.%f}" if name == "at" else str(getattr(entry, name)) for name in HASHED]


# Without the search path, a temporary table of that name would be taken for the log.
LINK = RunSQL(
    f"""
    CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        last record;
        hashed bytea;
        word text;
    BEGIN
        NEW.lane := 0;
        WHILE NOT pg_try_advisory_xact_lock(hashtextextended(NEW.workspace_id::text, NEW.lane)) LOOP
            NEW.lane := NEW.lane + 1;
        END LOOP;
        SELECT seq, hash INTO last FROM audit_entry
            WHERE workspace_id = NEW.workspace_id AND lane = NEW.lane ORDER BY seq DESC LIMIT 1;
        NEW.seq := coalesce(last.seq, 0) + 1;
        NEW.at := clock_timestamp();
        hashed := coalesce(last.hash, '');
        FOREACH word IN ARRAY ARRAY['{FORMAT}', {_WORDS}] LOOP
            hashed := hashed || int4send(octet_length(convert_to(word, 'UTF8'))) || convert_to(word, 'UTF8');
        END LOOP;
        NEW.hash := sha256(hashed);
        RETURN NEW;
    END $$;
    DO $$ BEGIN
        EXECUTE format('ALTER FUNCTION audit_link() SET search_path = %I, pg_temp', current_schema());
    END $$;
    CREATE TRIGGER link BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_link();
    """,
    "DROP TRIGGER link ON audit_entry; DROP FUNCTION audit_link();",
)

from __future__ import annotations

from django.db import migrations

from control_plane.tenancy.isolation import policy


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0002_isolate_members_versions_and_kept_answers"),
        ("audit", "0001_entries"),
    ]

    # It refers to nothing and nothing refers to it: it outlives them all.
    operations = [policy("audit_entry")]

from __future__ import annotations

from django.db import migrations

from control_plane.tenancy.isolation import isolate


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0003_isolate_audit_entries"),
        ("catalog", "0003_key_versions"),
    ]

    operations = [*isolate("catalog_checkpace")]

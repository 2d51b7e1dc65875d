from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

import control_plane.ids
from control_plane.audit.linking import LINK


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=control_plane.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                ("lane", models.PositiveIntegerField(db_default=0)),
                ("seq", models.PositiveBigIntegerField(db_default=0)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("action", models.TextField()),
                ("kind", models.TextField()),
                ("object_id", models.TextField()),
                ("tag", models.TextField()),
                ("product", models.TextField(blank=True)),
                ("env", models.TextField(blank=True)),
                ("details", models.TextField()),
                ("actor_kind", models.TextField()),
                ("actor_id", models.TextField(blank=True)),
                ("actor_name", models.TextField(blank=True)),
                ("actor_member", models.TextField(blank=True)),
                ("request_id", models.TextField(blank=True)),
                ("address", models.TextField(blank=True)),
                ("hash", models.BinaryField(db_default=models.Value(b""))),
            ],
            options={
                "verbose_name_plural": "entries",
                "indexes": [
                    models.Index(fields=["workspace_id", "id"], name="entry_by_time"),
                    models.Index(fields=["workspace_id", "action", "id"], name="entry_by_action"),
                    models.Index(fields=["workspace_id", "kind", "tag", "id"], name="entry_by_object"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("workspace_id", "lane", "seq"), name="entry_has_its_place")
                ],
            },
        ),
        LINK,
    ]

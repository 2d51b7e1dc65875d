from __future__ import annotations

from django.db import migrations, models

import control_plane.vault.fields


class Migration(migrations.Migration):
    dependencies = [
        ("products", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="productkey",
            name="at_rest_kid",
            field=control_plane.vault.fields.at_rest_kid("record"),
        ),
        migrations.AddField(
            model_name="productkey",
            name="retiring_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        # Until now there was one root key, and `keys init` called it r1. `keys check` says if that is not so.
        migrations.AddField(
            model_name="productkey",
            name="root_kid",
            field=models.CharField(default="r1", editable=False, max_length=32),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="productkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retiring_until", None)), fields=("product",), name="product_has_one_active_key"
            ),
        ),
    ]

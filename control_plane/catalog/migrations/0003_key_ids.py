from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import control_plane.vault.fields

# Until now a product had one key pair.
_SEALED_TO = """
    UPDATE catalog_providerkey AS key SET product_key_id = pair.id
    FROM products_productkey AS pair, catalog_modelenv AS env, catalog_model AS model
    WHERE env.id = key.model_env_id AND model.id = env.model_id AND pair.product_id = model.product_id
"""


def product_key(*, null: bool) -> models.ForeignKey:
    return models.ForeignKey(
        editable=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="provider_keys",
        to="products.productkey",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_versions_limits_locks"),
        ("products", "0002_key_ids"),
    ]

    operations = [
        migrations.AddField(
            model_name="providerkey",
            name="at_rest_kid",
            field=control_plane.vault.fields.at_rest_kid("sealed"),
        ),
        migrations.AddField(model_name="providerkey", name="product_key", field=product_key(null=True)),
        migrations.RunSQL(_SEALED_TO, migrations.RunSQL.noop),
        migrations.AlterField(model_name="providerkey", name="product_key", field=product_key(null=False)),
    ]

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import control_plane.vault.fields

# Until now a product had one key pair.
_SEALED_TO = """
    UPDATE catalog_providerkey AS key SET product_key_id = pair.id
    FROM products_productkey AS pair, catalog_modelenv AS env, catalog_model AS model
    WHERE key.sealed IS NOT NULL AND env.id = key.model_env_id AND model.id = env.model_id AND pair.product_id = model.product_id
"""


_OVER = models.Q(state__in=["destroyed", "rejected"])
_GONE = "provider_key_is_gone_when_over"


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_model_fallback"),
        ("products", "0002_key_ids"),
    ]

    operations = [
        migrations.AddField(
            model_name="providerkey",
            name="at_rest_kid",
            field=control_plane.vault.fields.at_rest_kid("sealed"),
        ),
        migrations.AddField(
            model_name="providerkey",
            name="product_key",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="provider_keys",
                to="products.productkey",
            ),
        ),
        migrations.RunSQL(_SEALED_TO, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="providerkey", name=_GONE),
        migrations.AddConstraint(
            model_name="providerkey",
            constraint=models.CheckConstraint(
                condition=models.Q(state__in=["destroyed", "rejected"], sealed=None, product_key=None)
                | (~_OVER & ~models.Q(sealed=None) & ~models.Q(product_key=None)),
                name=_GONE,
            ),
        ),
    ]

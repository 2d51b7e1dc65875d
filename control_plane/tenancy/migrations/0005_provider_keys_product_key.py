from __future__ import annotations

from django.db import migrations

from control_plane.tenancy.isolation import reference


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0004_isolate_check_paces"),
        ("catalog", "0005_key_ids"),
    ]

    operations = [reference("catalog_providerkey", "product_key_id", "products_productkey")]

from __future__ import annotations

from django.db import migrations

from control_plane.tenancy.isolation import reference


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0003_isolate_audit_entries"),
        ("catalog", "0003_key_ids"),
    ]

    operations = [reference("catalog_providerkey", "product_key_id", "products_productkey")]

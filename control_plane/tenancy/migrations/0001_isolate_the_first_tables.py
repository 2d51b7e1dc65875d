from __future__ import annotations

from django.db import migrations

from control_plane.tenancy.isolation import isolate


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("products", "0001_initial"),
        ("catalog", "0001_initial"),
        ("agents", "0001_initial"),
        ("runs", "0001_initial"),
    ]

    operations = [
        *isolate("products_product"),
        *isolate("products_environment", product_id="products_product"),
        *isolate("products_productkey", product_id="products_product"),
        *isolate("catalog_model", product_id="products_product"),
        *isolate("catalog_modelenv", model_id="catalog_model", environment_id="products_environment"),
        *isolate("catalog_providerkey", model_env_id="catalog_modelenv"),
        *isolate("agents_agent", product_id="products_product"),
        *isolate("agents_agentenv", agent_id="agents_agent", environment_id="products_environment"),
        *isolate("runs_run", product_id="products_product"),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_versions_limits_locks")]

    operations = [
        migrations.AddField(
            model_name="model", name="fallback", field=models.JSONField(blank=True, null=True)
        )
    ]

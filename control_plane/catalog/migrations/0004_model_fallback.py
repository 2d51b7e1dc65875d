from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_key_versions")]

    operations = [
        migrations.AddField(
            model_name="model", name="fallback", field=models.JSONField(blank=True, null=True)
        )
    ]

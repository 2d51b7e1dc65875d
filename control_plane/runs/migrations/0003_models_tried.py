from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_token_details")]

    operations = [migrations.AddField(model_name="run", name="models_tried", field=models.JSONField(default=list))]

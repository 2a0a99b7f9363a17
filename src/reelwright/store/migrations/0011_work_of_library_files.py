from django.db import migrations, models

import reelwright.store.columns


class Migration(migrations.Migration):

    dependencies = [
        ("store", "0010_placements"),
    ]

    operations = [
        migrations.AddField(
            model_name="libraryfile",
            name="note",
            field=models.JSONField(default=list, encoder=reelwright.store.columns.PlainEncoder),
        ),
        migrations.AddField(
            model_name="libraryfile",
            name="work",
            field=models.CharField(db_index=True, max_length=255, null=True),
        ),
    ]

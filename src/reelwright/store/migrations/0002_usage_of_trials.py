"""What a trial was given and found: how many threads, how much idle CPU; and an index to find trials of a size."""

import math

from django.db import migrations, models


def classify(apps, schema_editor):
    """Give the trials of older versions their size class, a size at a time."""
    trials = apps.get_model("store", "Trial").objects
    for width, height in trials.order_by().values_list("width", "height").distinct():
        try:
            known = round(4 * math.log2(max(1, int(width) * int(height))))
        except (TypeError, ValueError):
            continue  # a row that cannot be read is skipped by whoever lists rows
        trials.filter(width=width, height=height).update(size_class=known)


class Migration(migrations.Migration):

    dependencies = [
        ("store", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="trial",
            name="threads",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="trial",
            name="cpu_idle",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="trial",
            name="size_class",
            field=models.IntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunPython(classify, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="trial",
            index=models.Index(fields=["encoder", "preset", "size_class", "id"], name="trials_of_a_size"),
        ),
    ]

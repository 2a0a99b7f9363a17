from django.db import migrations, models


def fill(apps, schema_editor):
    files = apps.get_model("store", "LibraryFile")
    some = []
    for row in files.objects.filter(facts__isnull=False).only("pk", "facts").iterator(chunk_size=2000):
        codec = row.facts.get("codec") if isinstance(row.facts, dict) else None
        if isinstance(codec, str):
            row.codec = codec[:64]
            some.append(row)
        if len(some) >= 500:
            files.objects.bulk_update(some, ["codec"])
            some = []
    files.objects.bulk_update(some, ["codec"])


class Migration(migrations.Migration):

    dependencies = [
        ("store", "0011_work_of_library_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="libraryfile",
            name="codec",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="libraryfile",
            index=models.Index(
                fields=["library", "gone", "path", "state", "rule", "codec", "size_bytes", "saves"],
                name="files_listed",
            ),
        ),
    ]

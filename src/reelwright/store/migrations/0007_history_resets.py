from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0006_windows_of_samples'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoryReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('after', models.BigIntegerField()),
                ('created', models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]

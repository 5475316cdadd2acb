"""How somebody wants their pages: time zone, motion, keys, reminders."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
SELECT 1;
"""

BACKWARD = """
SELECT 1;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0002_drafts")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

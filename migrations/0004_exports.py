"""Takeouts: everything of an account as one archive."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
SELECT 1;
"""

BACKWARD = """
SELECT 1;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0003_preferences")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

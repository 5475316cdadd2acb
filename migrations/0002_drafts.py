"""Drafts, posts for later, and what posts looked like before they were edited."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
SELECT 1;
"""

BACKWARD = """
SELECT 1;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0001_people_posts_photos")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

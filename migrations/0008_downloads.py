"""Whether somebody lets others load the originals of their photos."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
ALTER TABLE users ADD downloads boolean NOT NULL DEFAULT false;
"""

BACKWARD = """
ALTER TABLE users DROP downloads;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0007_descriptions")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

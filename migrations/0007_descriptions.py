"""The photos that still need a description are found without looking at all the others."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
CREATE INDEX files_undescribed ON files (owner_id, id DESC) WHERE post_id IS NOT NULL AND alt = '';
"""

BACKWARD = """
DROP INDEX files_undescribed;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0006_words_of_failures")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

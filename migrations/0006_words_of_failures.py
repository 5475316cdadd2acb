"""Why a file failed, kept as the message and its values, so that everybody reads it in their own language."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

# `error_detail` stays beside it for the release before, which knows the sentence in English only.
FORWARD = """
ALTER TABLE files ADD COLUMN error_words jsonb;
"""

BACKWARD = """
ALTER TABLE files DROP COLUMN error_words;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0005_finding")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

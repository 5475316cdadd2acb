"""How far down the home feed was seen: one row per account, written at most once per visit."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
-- Posts are named by where they stand in time; they may be gone.
CREATE TABLE home_visits (
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  began_at timestamptz NOT NULL,
  newest uuid NOT NULL,
  before uuid
);
"""

BACKWARD = """
DROP TABLE home_visits;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0008_downloads")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

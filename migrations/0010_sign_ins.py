"""Who signed in to an account and who tried, for its owner; forgotten after 90 days."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
CREATE TABLE sign_ins (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  at timestamptz NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('session', 'token', 'failed')),
  tries integer NOT NULL DEFAULT 1 CHECK (tries > 0),
  browser text NOT NULL CHECK (char_length(browser) <= 20),
  system text NOT NULL CHECK (char_length(system) <= 20)
);
CREATE INDEX sign_ins_user ON sign_ins (user_id, at DESC, id DESC);
CREATE INDEX sign_ins_at ON sign_ins (at);
"""

BACKWARD = """
DROP TABLE sign_ins;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0009_home_visits")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

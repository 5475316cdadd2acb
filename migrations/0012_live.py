"""What happened, in the one order in which everybody connected hears of it."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
-- Whoever writes to the log holds this row until the commit, so numbers become visible in their order and none is missing.
CREATE TABLE live_head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  seq bigint NOT NULL
);
CREATE TABLE live_events (
  seq bigint PRIMARY KEY,
  topic text NOT NULL CHECK (char_length(topic) <= 80),
  type text NOT NULL CHECK (char_length(type) <= 40),
  data text NOT NULL CHECK (char_length(data) <= 65536),
  at timestamptz NOT NULL
);
CREATE INDEX live_events_topic ON live_events (topic, seq);
CREATE INDEX live_events_age ON live_events (at);
"""

BACKWARD = """
DROP TABLE live_events;
DROP TABLE live_head;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0011_notifications")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

"""What people are told: notifications that gather notices, and what nobody wants to hear of."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

_KINDS = (
    "'like', 'comment', 'reply', 'mention', 'follow', 'follow_request', 'follow_accepted', 'new_post', "
    "'message_request', 'file_ready', 'file_failed', 'system'"
)

FORWARD = f"""
CREATE TABLE notifications (
  id uuid PRIMARY KEY,
  recipient_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ({_KINDS})),
  -- What all of its notices have in common; the zero id for the recipient themselves.
  subject_id uuid NOT NULL,
  day date NOT NULL,
  post_id uuid REFERENCES posts ON DELETE CASCADE,
  -- A deleted comment may come back within half a minute.
  comment_id uuid,
  file_id uuid REFERENCES files ON DELETE CASCADE,
  export_id uuid REFERENCES exports ON DELETE CASCADE,
  -- Its newest notice, which is its place in the list.
  newest uuid NOT NULL,
  happened_at timestamptz NOT NULL,
  read_at timestamptz,
  CONSTRAINT notifications_one_a_day UNIQUE (recipient_id, kind, subject_id, day)
);
CREATE INDEX notifications_newest ON notifications (recipient_id, newest DESC);
CREATE INDEX notifications_of_kind ON notifications (recipient_id, kind, newest DESC);
CREATE INDEX notifications_unread ON notifications (recipient_id, newest DESC) WHERE read_at IS NULL;
CREATE INDEX notifications_age ON notifications (happened_at);
CREATE INDEX notifications_post ON notifications (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX notifications_file ON notifications (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX notifications_export ON notifications (export_id) WHERE export_id IS NOT NULL;

CREATE TABLE notices (
  id uuid PRIMARY KEY,
  notification_id uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
  recipient_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ({_KINDS})),
  subject_id uuid NOT NULL,
  actor_id uuid REFERENCES users ON DELETE CASCADE,
  -- However often it is repeated, one hears of it once.
  CONSTRAINT notices_once UNIQUE NULLS NOT DISTINCT (recipient_id, kind, subject_id, actor_id)
);
CREATE INDEX notices_of ON notices (notification_id, id DESC);
CREATE INDEX notices_actor ON notices (actor_id) WHERE actor_id IS NOT NULL;

-- Kinds that somebody does not want to hear of.
CREATE TABLE unwanted_notifications (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ({_KINDS})),
  PRIMARY KEY (user_id, kind)
);
"""

BACKWARD = """
DROP TABLE unwanted_notifications;
DROP TABLE notices;
DROP TABLE notifications;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0010_sign_ins")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

"""How somebody wants their pages; one-time links to a new password; what the place is called and its first steps."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
ALTER TABLE users
  ADD COLUMN timezone text NOT NULL DEFAULT 'UTC' CHECK (char_length(timezone) <= 64),
  ADD COLUMN text_size smallint NOT NULL DEFAULT 100 CHECK (text_size IN (100, 110, 120, 130, 140)),
  ADD COLUMN motion text NOT NULL DEFAULT 'auto' CHECK (motion IN ('auto', 'reduce')),
  ADD COLUMN single_keys boolean NOT NULL DEFAULT true,
  ADD COLUMN alt_reminder text NOT NULL DEFAULT 'always' CHECK (alt_reminder IN ('always', 'never'));

-- One per account: a newer link makes the older one useless.
CREATE TABLE password_resets (
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  token_hash bytea NOT NULL CONSTRAINT password_resets_token_key UNIQUE CHECK (octet_length(token_hash) = 32),
  created_by text NOT NULL CHECK (char_length(created_by) <= 30),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

-- One row, made when the place is set up in the browser.
CREATE TABLE place_itself (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  first_steps boolean NOT NULL
);
"""

BACKWARD = """
DROP TABLE place_itself, password_resets;
ALTER TABLE users DROP COLUMN timezone, DROP COLUMN text_size, DROP COLUMN motion, DROP COLUMN single_keys,
  DROP COLUMN alt_reminder;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0002_drafts")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

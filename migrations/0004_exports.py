"""Takeouts: everything of an account as one archive, and archives that are brought along. People who left may come back."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
-- Of those who hid their account: since when, and until when they may come back where they left for good.
ALTER TABLE users ADD COLUMN away_since timestamptz, ADD COLUMN erase_at timestamptz;
ALTER TABLE users DROP CONSTRAINT users_state_check,
  ADD CONSTRAINT users_state_check CHECK (state IN ('active', 'suspended', 'away', 'deleted')),
  ADD CONSTRAINT users_away_whole CHECK (away_since IS NOT NULL OR (state <> 'away' AND erase_at IS NULL));
CREATE INDEX users_leaving ON users (erase_at) WHERE erase_at IS NOT NULL;

CREATE TABLE exports (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  state text NOT NULL CHECK (state IN ('waiting', 'processing', 'ready', 'failed')),
  progress smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  language text NOT NULL DEFAULT '' CHECK (char_length(language) <= 12),
  key text CONSTRAINT exports_key_key UNIQUE CHECK (char_length(key) <= 64),
  size bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
  downloads integer NOT NULL DEFAULT 0 CHECK (downloads >= 0),
  error text CHECK (char_length(error) <= 40),
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  CONSTRAINT exports_ready_whole CHECK ((state = 'ready') = (key IS NOT NULL)),
  CONSTRAINT exports_end CHECK ((state IN ('ready', 'failed')) = (expires_at IS NOT NULL))
);
CREATE UNIQUE INDEX exports_running ON exports (user_id) WHERE state IN ('waiting', 'processing');
CREATE INDEX exports_user ON exports (user_id, id DESC);
CREATE INDEX exports_expiry ON exports (expires_at) WHERE expires_at IS NOT NULL;

-- Which account elsewhere was brought into which account here: bringing it again goes on instead of doubling.
CREATE TABLE imports (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  source_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (user_id, source_id)
);
"""

BACKWARD = """
DROP TABLE imports, exports;
DROP INDEX users_leaving;
-- Who was away is hidden from everybody by the release of before only as somebody suspended.
UPDATE users SET state = 'suspended' WHERE state = 'away';
ALTER TABLE users DROP CONSTRAINT users_away_whole, DROP CONSTRAINT users_state_check,
  ADD CONSTRAINT users_state_check CHECK (state IN ('active', 'suspended', 'deleted'));
ALTER TABLE users DROP COLUMN away_since, DROP COLUMN erase_at;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0003_preferences")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

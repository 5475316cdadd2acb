"""Drafts, posts for later, what posts showed before they were edited, and comments that can still be brought back."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
CREATE TABLE drafts (
  id uuid PRIMARY KEY,
  author_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  caption text NOT NULL DEFAULT '' CHECK (char_length(caption) <= 2200),
  place_name text CHECK (char_length(place_name) BETWEEN 1 AND 80),
  lat double precision CHECK (lat BETWEEN -90 AND 90),
  lon double precision CHECK (lon BETWEEN -180 AND 180),
  audience text NOT NULL CHECK (audience IN ('everyone', 'followers', 'only_me')),
  comments_on boolean NOT NULL,
  show_camera boolean NOT NULL,
  publish_at timestamptz,
  error_code text CHECK (char_length(error_code) <= 40),
  error_detail text CHECK (char_length(error_detail) <= 500),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  CONSTRAINT drafts_place_whole CHECK ((lat IS NULL) = (lon IS NULL) AND (lat IS NULL OR place_name IS NOT NULL)),
  CONSTRAINT drafts_one_state CHECK (publish_at IS NULL OR error_code IS NULL)
);
CREATE INDEX drafts_author ON drafts (author_id, updated_at DESC, id DESC);

-- An upload is in one draft at most, and stays as long as one holds it: whoever removes it all the same is stopped at
-- the end of the transaction. Not before that, because an account takes drafts and uploads along in no certain order.
CREATE TABLE draft_photos (
  file_id uuid PRIMARY KEY REFERENCES files DEFERRABLE INITIALLY DEFERRED,
  draft_id uuid NOT NULL REFERENCES drafts ON DELETE CASCADE,
  position smallint NOT NULL CHECK (position BETWEEN 0 AND 9),
  alt text NOT NULL DEFAULT '' CHECK (char_length(alt) <= 1500),
  crop jsonb,
  CONSTRAINT draft_photos_position_key UNIQUE (draft_id, position)
);
CREATE INDEX jobs_draft ON jobs ((payload ->> 'draft_id')) WHERE event_type = 'DraftScheduled';

-- What a post showed from `shown_at` until its next edit, to those who might see it then. `photos` are their ids and
-- descriptions; of one that was taken out of the post only null stays.
CREATE TABLE post_versions (
  post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
  version integer NOT NULL CHECK (version > 0),
  shown_at timestamptz NOT NULL,
  audience text NOT NULL CHECK (audience IN ('everyone', 'followers', 'only_me')),
  caption text NOT NULL CHECK (char_length(caption) <= 2200),
  place_id uuid REFERENCES places,
  photos jsonb NOT NULL,
  PRIMARY KEY (post_id, version)
);
CREATE INDEX post_versions_place ON post_versions (place_id) WHERE place_id IS NOT NULL;

-- Comments that were deleted a moment ago, each with those who liked it, and the answers that went with it (`root_id`).
-- They are not among `comments`, so that nothing can show or count them by mistake.
CREATE TABLE removed_comments (
  id uuid PRIMARY KEY,
  root_id uuid NOT NULL,
  post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
  author_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  reply_to uuid,
  text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 1000),
  mentions text[] NOT NULL CHECK (cardinality(mentions) <= 20),
  created_at timestamptz NOT NULL,
  edited_at timestamptz,
  liked_by uuid[] NOT NULL,
  removed_by uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  removed_at timestamptz NOT NULL
);
CREATE INDEX removed_comments_root ON removed_comments (root_id);
CREATE INDEX removed_comments_post ON removed_comments (post_id);
CREATE INDEX removed_comments_author ON removed_comments (author_id);
CREATE INDEX removed_comments_by ON removed_comments (removed_by);
"""

BACKWARD = """
DROP TABLE removed_comments, post_versions, draft_photos, drafts;
DROP INDEX jobs_draft;
DELETE FROM jobs WHERE event_type IN ('DraftScheduled', 'CommentRemoved');
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0001_people_posts_photos")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

"""People, follows, posts, photos, home feeds and the job table.

Written by hand: the ORM's own generator leaves out constraints and most of the indexes that the rules stand on.
Every text column has a length limit; those limits repeat the domain's, so that no other way in can break them.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
CREATE TABLE users (
  id uuid PRIMARY KEY,
  username text NOT NULL CONSTRAINT users_username_key UNIQUE
    CHECK (username ~ '^[a-z0-9_.]{3,30}$'),
  email text CHECK (char_length(email) <= 254),
  email_canonical text CONSTRAINT users_email_key UNIQUE CHECK (char_length(email_canonical) <= 254),
  password_hash text NOT NULL CHECK (char_length(password_hash) <= 200),
  display_name text NOT NULL DEFAULT '' CHECK (char_length(display_name) <= 50),
  bio text NOT NULL DEFAULT '' CHECK (char_length(bio) <= 500),
  link text NOT NULL DEFAULT '' CHECK (char_length(link) <= 200),
  place text NOT NULL DEFAULT '' CHECK (char_length(place) <= 60),
  language text NOT NULL DEFAULT '' CHECK (char_length(language) <= 12),
  private boolean NOT NULL DEFAULT false,
  role text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin')),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'deleted')),
  avatar_key text CHECK (char_length(avatar_key) <= 64),
  show_camera boolean NOT NULL DEFAULT false,
  posts_everyone integer NOT NULL DEFAULT 0 CHECK (posts_everyone >= 0),
  posts_followers integer NOT NULL DEFAULT 0 CHECK (posts_followers >= 0),
  posts_only_me integer NOT NULL DEFAULT 0 CHECK (posts_only_me >= 0),
  followers integer NOT NULL DEFAULT 0 CHECK (followers >= 0),
  following integer NOT NULL DEFAULT 0 CHECK (following >= 0),
  created_at timestamptz NOT NULL
);
CREATE INDEX users_avatar ON users (avatar_key) WHERE avatar_key IS NOT NULL;
CREATE INDEX users_admins ON users (id) WHERE role = 'admin' AND state = 'active';

-- Every name that somebody has or had, and whose it is: links and mentions of before must not come to lead to another.
CREATE TABLE usernames (
  username text PRIMARY KEY CHECK (char_length(username) <= 30),
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE
);
CREATE INDEX usernames_user ON usernames (user_id);

CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  token_hash bytea NOT NULL CONSTRAINT sessions_token_key UNIQUE CHECK (octet_length(token_hash) = 32),
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  user_agent text NOT NULL DEFAULT '' CHECK (char_length(user_agent) <= 300),
  ip text NOT NULL DEFAULT '' CHECK (char_length(ip) <= 45)
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_idle ON sessions (last_seen_at);

CREATE TABLE tokens (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  name text NOT NULL DEFAULT '' CHECK (char_length(name) <= 80),
  token_hash bytea NOT NULL CONSTRAINT tokens_token_key UNIQUE CHECK (octet_length(token_hash) = 32),
  scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write', 'messages', 'files', 'admin']),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_expiry ON tokens (expires_at);

CREATE TABLE invites (
  id uuid PRIMARY KEY,
  code text NOT NULL CONSTRAINT invites_code_key UNIQUE CHECK (char_length(code) <= 64),
  created_by uuid REFERENCES users ON DELETE SET NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  max_uses integer NOT NULL CHECK (max_uses BETWEEN 1 AND 10000),
  uses integer NOT NULL DEFAULT 0 CHECK (uses BETWEEN 0 AND max_uses)
);
CREATE INDEX invites_created_by ON invites (created_by);

CREATE TABLE follows (
  id uuid NOT NULL CONSTRAINT follows_id_key UNIQUE,
  follower_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  followee_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  notify_posts boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (follower_id, followee_id),
  CHECK (follower_id <> followee_id)
);
CREATE INDEX follows_followers ON follows (followee_id, follower_id);
CREATE INDEX follows_followers_newest ON follows (followee_id, id DESC);
CREATE INDEX follows_following_newest ON follows (follower_id, id DESC);

CREATE TABLE follow_requests (
  id uuid NOT NULL CONSTRAINT follow_requests_id_key UNIQUE,
  requester_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  target_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (requester_id, target_id),
  CHECK (requester_id <> target_id)
);
CREATE INDEX follow_requests_newest ON follow_requests (target_id, id DESC);

CREATE TABLE blocks (
  id uuid NOT NULL CONSTRAINT blocks_id_key UNIQUE,
  blocker_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  blocked_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (blocker_id, blocked_id),
  CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_reverse ON blocks (blocked_id, blocker_id);

CREATE TABLE mutes (
  id uuid NOT NULL CONSTRAINT mutes_id_key UNIQUE,
  muter_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  muted_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (muter_id, muted_id),
  CHECK (muter_id <> muted_id)
);
CREATE INDEX mutes_reverse ON mutes (muted_id);

CREATE TABLE places (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
  lat double precision CHECK (lat BETWEEN -90 AND 90),
  lon double precision CHECK (lon BETWEEN -180 AND 180),
  CONSTRAINT places_position_whole CHECK ((lat IS NULL) = (lon IS NULL))
);

CREATE TABLE posts (
  id uuid PRIMARY KEY,
  author_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  caption text NOT NULL DEFAULT '' CHECK (char_length(caption) <= 2200),
  tags text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 30),
  mentions text[] NOT NULL DEFAULT '{}' CHECK (cardinality(mentions) <= 20),
  place_id uuid REFERENCES places,
  audience text NOT NULL CHECK (audience IN ('everyone', 'followers', 'only_me')),
  comments_on boolean NOT NULL DEFAULT true,
  show_camera boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  edited_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  likes integer NOT NULL DEFAULT 0 CHECK (likes >= 0),
  comments integer NOT NULL DEFAULT 0 CHECK (comments >= 0),
  card bytea NOT NULL DEFAULT '' CHECK (octet_length(card) <= 200000)
);
-- A feed reads cards by the dozen: kept in the row as they are, they need no second look-up and no decompression.
ALTER TABLE posts ALTER card SET STORAGE EXTERNAL, SET (toast_tuple_target = 8160);
CREATE INDEX posts_author ON posts (author_id, id DESC);
CREATE INDEX posts_fresh ON posts (id DESC) WHERE audience = 'everyone';
CREATE INDEX posts_popular ON posts (likes DESC, id DESC) WHERE audience = 'everyone';
CREATE INDEX posts_place ON posts (place_id, id DESC) WHERE place_id IS NOT NULL;

CREATE TABLE post_tags (
  tag text NOT NULL CHECK (char_length(tag) <= 200),
  post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
  PRIMARY KEY (tag, post_id)
);
CREATE INDEX post_tags_post ON post_tags (post_id);

-- What the privacy rule needs to decide who is told that a post was removed; to all others it was never there.
CREATE TABLE removed_posts (
  id uuid PRIMARY KEY,
  author_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  audience text NOT NULL CHECK (audience IN ('everyone', 'followers', 'only_me'))
);
CREATE INDEX removed_posts_author ON removed_posts (author_id);

CREATE TABLE files (
  id uuid PRIMARY KEY,
  owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  name text NOT NULL CHECK (char_length(name) <= 255),
  size bigint NOT NULL CHECK (size >= 0),
  sha256 text NOT NULL CHECK (char_length(sha256) = 64),
  kind text NOT NULL CHECK (kind IN ('image', 'text', 'table', 'pdf', 'audio', 'video', 'archive', 'other')),
  key text NOT NULL CONSTRAINT files_key_key UNIQUE CHECK (char_length(key) <= 64),
  created_at timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'processing', 'ready', 'failed')),
  step text CHECK (char_length(step) <= 40),
  error_code text CHECK (char_length(error_code) <= 40),
  error_detail text CHECK (char_length(error_detail) <= 500),
  facts jsonb,
  renditions jsonb NOT NULL DEFAULT '[]',
  steps jsonb NOT NULL DEFAULT '[]',
  width integer NOT NULL DEFAULT 0 CHECK (width >= 0),
  height integer NOT NULL DEFAULT 0 CHECK (height >= 0),
  lqip text NOT NULL DEFAULT '' CHECK (char_length(lqip) <= 600),
  duplicate_of uuid REFERENCES files ON DELETE SET NULL,
  post_id uuid REFERENCES posts ON DELETE CASCADE,
  position smallint CHECK (position BETWEEN 0 AND 9),
  alt text NOT NULL DEFAULT '' CHECK (char_length(alt) <= 1500),
  crop jsonb,
  cut integer NOT NULL DEFAULT 0,
  CONSTRAINT files_attached_whole CHECK ((post_id IS NULL) = (position IS NULL)),
  CONSTRAINT files_position_key UNIQUE (post_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX files_owner ON files (owner_id, id DESC);
CREATE INDEX files_same ON files (owner_id, sha256);
CREATE INDEX files_duplicate ON files (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX files_unattached ON files (created_at) WHERE post_id IS NULL;

CREATE TABLE likes (
  id uuid NOT NULL CONSTRAINT likes_id_key UNIQUE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
  PRIMARY KEY (user_id, post_id)
);
CREATE INDEX likes_post ON likes (post_id, id DESC);
CREATE INDEX likes_user ON likes (user_id, id DESC);

CREATE TABLE saves (
  id uuid NOT NULL CONSTRAINT saves_id_key UNIQUE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
  PRIMARY KEY (user_id, post_id)
);
CREATE INDEX saves_post ON saves (post_id);
CREATE INDEX saves_user ON saves (user_id, id DESC);

CREATE TABLE hidden_posts (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
  PRIMARY KEY (user_id, post_id)
);
CREATE INDEX hidden_posts_post ON hidden_posts (post_id);

CREATE TABLE comments (
  id uuid PRIMARY KEY,
  post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
  author_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  reply_to uuid REFERENCES comments ON DELETE CASCADE,
  text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 1000),
  created_at timestamptz NOT NULL,
  edited_at timestamptz,
  likes integer NOT NULL DEFAULT 0 CHECK (likes >= 0)
);
CREATE INDEX comments_post ON comments (post_id, id);
CREATE INDEX comments_author ON comments (author_id);
CREATE INDEX comments_replies ON comments (reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE comment_likes (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  comment_id uuid NOT NULL REFERENCES comments ON DELETE CASCADE,
  PRIMARY KEY (user_id, comment_id)
);
CREATE INDEX comment_likes_comment ON comment_likes (comment_id);

-- The skeleton of every home feed: what was published by, and to, whom one followed then. The privacy rule
-- decides again at every read; foreign keys are left out because a fan-out writes thousands of these rows.
CREATE TABLE home_feed (
  user_id uuid NOT NULL,
  post_id uuid NOT NULL,
  author_id uuid NOT NULL,
  PRIMARY KEY (user_id, post_id)
);
CREATE INDEX home_feed_post ON home_feed (post_id);
CREATE INDEX home_feed_author ON home_feed (user_id, author_id);

CREATE TABLE jobs (
  event_id uuid NOT NULL,
  reaction text NOT NULL CHECK (char_length(reaction) <= 80),
  event_type text NOT NULL CHECK (char_length(event_type) <= 80),
  payload jsonb NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'dead')),
  due_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  deaths integer NOT NULL DEFAULT 0,
  fence integer NOT NULL DEFAULT 0,
  leased_until timestamptz,
  created_at timestamptz NOT NULL,
  finished_at timestamptz,
  error text CHECK (char_length(error) <= 1000),
  PRIMARY KEY (event_id, reaction),
  CHECK ((state = 'running') = (leased_until IS NOT NULL))
);
CREATE INDEX jobs_due ON jobs (due_at) WHERE state = 'waiting';
CREATE INDEX jobs_leased ON jobs (leased_until) WHERE state = 'running';
CREATE INDEX jobs_dead ON jobs (event_id) WHERE state = 'dead';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE state = 'done';

CREATE TABLE idempotency (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  key text NOT NULL CHECK (char_length(key) <= 80),
  fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
  resource_id uuid NOT NULL,
  status smallint NOT NULL DEFAULT 0,
  body bytea NOT NULL DEFAULT '' CHECK (octet_length(body) <= 2000000),
  content_type text NOT NULL DEFAULT '' CHECK (char_length(content_type) <= 100),
  location text NOT NULL DEFAULT '' CHECK (char_length(location) <= 300),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- `target_id` is a post's, a comment's or a member's id; a case outlives what it is about.
CREATE TABLE cases (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('post', 'comment', 'member')),
  target_id uuid NOT NULL,
  owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  excerpt text NOT NULL CHECK (char_length(excerpt) <= 300),
  created_at timestamptz NOT NULL,
  decision text CHECK (decision IN ('keep', 'remove', 'suspend')),
  decided_at timestamptz,
  decided_by text NOT NULL DEFAULT '' CHECK (char_length(decided_by) <= 30),
  note text NOT NULL DEFAULT '' CHECK (char_length(note) <= 1000),
  CHECK ((decision IS NULL) = (decided_at IS NULL))
);
CREATE UNIQUE INDEX cases_open ON cases (kind, target_id) WHERE decision IS NULL;
CREATE INDEX cases_owner ON cases (owner_id);
CREATE INDEX cases_waiting ON cases (id DESC) WHERE decision IS NULL;
CREATE INDEX cases_closed ON cases (id DESC) WHERE decision IS NOT NULL;

-- Nobody reports the same twice; of those who left, only what they said stays.
CREATE TABLE reports (
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES cases ON DELETE CASCADE,
  reporter_id uuid REFERENCES users ON DELETE SET NULL,
  reason text NOT NULL
    CHECK (reason IN ('spam', 'harassment', 'hate', 'violence', 'nudity', 'copyright', 'other')),
  note text NOT NULL CHECK (char_length(note) <= 1000),
  created_at timestamptz NOT NULL,
  UNIQUE (case_id, reporter_id)
);
CREATE INDEX reports_reporter ON reports (reporter_id);

-- Names, not ids: the log says what was done also when who did it has left.
CREATE TABLE audit (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL CHECK (char_length(actor) <= 30),
  action text NOT NULL CHECK (char_length(action) <= 40),
  target text NOT NULL CHECK (char_length(target) <= 100),
  detail text NOT NULL CHECK (char_length(detail) <= 1000),
  address text NOT NULL CHECK (char_length(address) <= 45)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log only grows';
END $$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TABLE audit, reports, cases;
DROP FUNCTION refuse_change;
DROP TABLE idempotency, jobs, home_feed, comment_likes, comments, hidden_posts, saves, likes, files, removed_posts,
  post_tags, posts, places, mutes, blocks, follow_requests, follows, invites, tokens, sessions, usernames, users;
"""


class Migration(migrations.Migration):
    dependencies = []
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

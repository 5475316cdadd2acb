"""Erasing what a deleted account left, in bounded steps that can stop anywhere."""

import asyncpg

from adapters.postgres.engine import count_of
from domain.kernel import UserId

_ERASING = 7_241_002


async def erase(connection: asyncpg.Connection, user_id: UserId, limit: int) -> tuple[bool, list[str]]:
    """One step of domain.users.Accounts.erase."""
    # Two accounts that leave at once have rows between them that each would take in another order.
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _ERASING)
    posts = [
        row["id"]
        for row in await connection.fetch(
            "SELECT id FROM posts WHERE author_id = $1 ORDER BY id LIMIT $2 FOR UPDATE",
            user_id,
            max(limit // 100, 1),
        )
    ]
    # With many followers a post stands in many feeds; it goes itself when it stands in few enough for one step.
    withdrawn = await connection.execute(
        "DELETE FROM home_feed WHERE (user_id, post_id) IN "
        "(SELECT user_id, post_id FROM home_feed WHERE post_id = ANY($1::uuid[]) LIMIT $2)",
        posts,
        20 * limit,
    )
    if count_of(withdrawn) == 20 * limit:
        return False, []
    # Before the uploads that they hold.
    drafts = await connection.execute(
        "DELETE FROM drafts WHERE id IN (SELECT id FROM drafts WHERE author_id = $1 LIMIT $2)",
        user_id,
        limit,
    )
    files = await connection.fetch(
        # Those of the posts first: what is left of them goes with the posts, and nobody would know its prefix.
        "SELECT id, key FROM files f WHERE post_id = ANY($1::uuid[]) OR (owner_id = $2 AND post_id IS NULL "
        "AND NOT EXISTS (SELECT FROM draft_photos WHERE file_id = f.id)) "
        "ORDER BY post_id IS NULL LIMIT greatest($3, 10 * cardinality($1::uuid[]))",
        posts,
        user_id,
        limit,
    )
    await connection.execute("DELETE FROM files WHERE id = ANY($1::uuid[])", [row["id"] for row in files])
    exports = await connection.fetch(
        "DELETE FROM exports WHERE id IN (SELECT id FROM exports WHERE user_id = $1 LIMIT $2) RETURNING key",
        user_id,
        limit,
    )
    await connection.execute("DELETE FROM posts WHERE id = ANY($1::uuid[])", posts)
    for statement in _BEFORE_ERASING:
        await connection.execute(statement, user_id, limit)
    left = len(posts) + len(files) + len(exports) + count_of(drafts)
    for statement in _ERASE:
        left += count_of(await connection.execute(statement, user_id, limit))
    prefixes = [f"photos/{row['key']}/" for row in files]
    prefixes += [f"exports/{row['key']}/" for row in exports if row["key"]]
    if left == 0:
        avatar = await connection.fetchval("SELECT avatar_key FROM users WHERE id = $1", user_id)
        prefixes += [f"avatars/{avatar}/"] if avatar else []
        await connection.execute(_TOMBSTONE, user_id)
    return left == 0, prefixes


# What the statements below count on is locked first, by statements of their own and in key order, as everybody does.
_BEFORE_ERASING = (
    # Against a decision meanwhile, which takes the words of those who left.
    """SELECT FROM cases WHERE id IN (SELECT case_id FROM reports WHERE reporter_id = $1 ORDER BY case_id LIMIT $2)
       ORDER BY id FOR SHARE""",
    """SELECT FROM posts WHERE id IN (
         (SELECT post_id FROM likes WHERE user_id = $1 ORDER BY post_id LIMIT $2) UNION
         (SELECT post_id FROM comments WHERE author_id = $1 ORDER BY post_id LIMIT $2) UNION
         (SELECT c.post_id FROM comment_likes l JOIN comments c ON c.id = l.comment_id WHERE l.user_id = $1
          ORDER BY l.comment_id LIMIT $2))
       ORDER BY id FOR NO KEY UPDATE""",
    """SELECT FROM users WHERE id IN (
         (SELECT followee_id FROM follows WHERE follower_id = $1 ORDER BY followee_id LIMIT $2) UNION
         (SELECT follower_id FROM follows WHERE followee_id = $1 ORDER BY follower_id LIMIT $2))
       ORDER BY id FOR NO KEY UPDATE""",
)
# Each takes up to $2 rows of the account $1 away, and what counted them goes down by as many. Every statement answers
# with the number of rows it changed; all of them 0 means that nothing is left.
_ERASE = (
    """WITH gone AS (DELETE FROM likes WHERE id IN (SELECT id FROM likes WHERE user_id = $1 ORDER BY post_id LIMIT $2)
         RETURNING post_id)
       UPDATE posts SET likes = likes - 1 WHERE id IN (SELECT post_id FROM gone)""",
    """WITH own AS (SELECT id, post_id FROM comments WHERE author_id = $1 ORDER BY post_id LIMIT $2),
         every AS (SELECT id FROM own UNION SELECT c.id FROM comments c JOIN own ON c.reply_to = own.id),
         gone AS (DELETE FROM comments WHERE id IN (SELECT id FROM every) RETURNING post_id),
         sums AS (SELECT post_id, count(*) AS n FROM gone GROUP BY post_id)
       UPDATE posts SET comments = comments - n FROM sums WHERE id = post_id""",
    """WITH gone AS (DELETE FROM comment_likes WHERE (user_id, comment_id) IN
         (SELECT user_id, comment_id FROM comment_likes WHERE user_id = $1 ORDER BY comment_id LIMIT $2)
         RETURNING comment_id)
       UPDATE comments SET likes = likes - 1 WHERE id IN (SELECT comment_id FROM gone)""",
    """WITH gone AS (DELETE FROM follows WHERE id IN
         (SELECT id FROM follows WHERE follower_id = $1 ORDER BY followee_id LIMIT $2) RETURNING followee_id)
       UPDATE users SET followers = followers - 1 WHERE id IN (SELECT followee_id FROM gone)""",
    """WITH gone AS (DELETE FROM follows WHERE id IN
         (SELECT id FROM follows WHERE followee_id = $1 ORDER BY follower_id LIMIT $2) RETURNING follower_id)
       UPDATE users SET following = following - 1 WHERE id IN (SELECT follower_id FROM gone)""",
    "DELETE FROM saves WHERE id IN (SELECT id FROM saves WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM home_feed WHERE user_id = $1 AND post_id IN (SELECT post_id FROM home_feed WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM hidden_posts WHERE user_id = $1 AND post_id IN "
    "(SELECT post_id FROM hidden_posts WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM removed_comments WHERE id IN "
    "(SELECT id FROM removed_comments WHERE author_id = $1 OR removed_by = $1 LIMIT $2)",
    "DELETE FROM removed_posts WHERE id IN (SELECT id FROM removed_posts WHERE author_id = $1 LIMIT $2)",
    "DELETE FROM follow_requests WHERE id IN "
    "(SELECT id FROM follow_requests WHERE requester_id = $1 OR target_id = $1 LIMIT $2)",
    "DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE blocker_id = $1 OR blocked_id = $1 LIMIT $2)",
    "DELETE FROM mutes WHERE id IN (SELECT id FROM mutes WHERE muter_id = $1 OR muted_id = $1 LIMIT $2)",
    # Of the cases about the account, a case goes when no report of it is left: with it they would go all at once.
    "DELETE FROM reports WHERE id IN (SELECT r.id FROM reports r "
    "JOIN cases c ON c.id = r.case_id WHERE c.owner_id = $1 LIMIT $2)",
    "DELETE FROM cases WHERE id IN (SELECT id FROM cases c WHERE owner_id = $1 "
    "AND NOT EXISTS (SELECT FROM reports WHERE case_id = c.id) LIMIT $2)",
    # What it reported stays without its name, and what it wrote with that until somebody decides.
    """UPDATE reports SET reporter_id = NULL, note = CASE WHEN c.decision IS NULL THEN reports.note ELSE '' END
       FROM cases c WHERE c.id = case_id AND reports.id IN
         (SELECT id FROM reports WHERE reporter_id = $1 ORDER BY case_id LIMIT $2)""",
    "DELETE FROM password_resets WHERE user_id = $1 AND $2::int > 0",
    "DELETE FROM home_visits WHERE user_id = $1 AND $2::int > 0",
    "DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE recipient_id = $1 LIMIT $2)",
    "DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE actor_id = $1 LIMIT $2)",
    "DELETE FROM unwanted_notifications WHERE user_id = $1 AND $2::int > 0",
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM imports WHERE user_id = $1 AND source_id IN "
    "(SELECT source_id FROM imports WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM idempotency WHERE user_id = $1 AND key IN (SELECT key FROM idempotency WHERE user_id = $1 LIMIT $2)",
)

# What stays of a deleted account: its id and its name, so that nobody can take the name over.
_TOMBSTONE = """
UPDATE users SET email = NULL, email_canonical = NULL, password_hash = '', display_name = '', bio = '', link = '',
  place = '', language = '', private = true, role = 'member', avatar_key = NULL, show_camera = false, downloads = false,
  timezone = DEFAULT, text_size = DEFAULT, motion = DEFAULT, single_keys = DEFAULT, alt_reminder = DEFAULT,
  away_since = NULL, erase_at = NULL,
  posts_everyone = 0, posts_followers = 0, posts_only_me = 0, followers = 0, following = 0
WHERE id = $1 AND state = 'deleted'
"""

"""Finding people, tags and places by the beginnings of their names, and mentions that lead somewhere.

Names are compared without case and with their signs taken apart (NFKD): a Hangul syllable begins with its first letter,
and it does not matter how an accent was typed. The indexes are in byte order, whatever order the database sorts in.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

FORWARD = """
CREATE INDEX users_by_username ON users ((username COLLATE "C")) WHERE state = 'active';
CREATE INDEX users_by_name ON users ((left(lower(normalize(display_name, NFKD)), 100) COLLATE "C"))
  WHERE state = 'active' AND display_name <> '';
CREATE INDEX post_tags_by_name ON post_tags ((left(normalize(tag, NFKD), 100) COLLATE "C"));
CREATE INDEX places_by_name ON places ((left(lower(normalize(name, NFKD)), 100) COLLATE "C"));

-- Whom the text names, as far as its author knew them when it was written.
ALTER TABLE comments ADD mentions text[] NOT NULL DEFAULT '{}' CHECK (cardinality(mentions) <= 20);
"""

BACKWARD = """
ALTER TABLE comments DROP mentions;
DROP INDEX places_by_name, post_tags_by_name, users_by_name, users_by_username;
"""


class Migration(migrations.Migration):
    dependencies = [("main", "0004_exports")]
    operations = [RunSQL(FORWARD, reverse_sql=BACKWARD)]

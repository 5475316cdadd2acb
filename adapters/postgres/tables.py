"""The tables as the ORM sees them: columns only. Keys, limits and indexes stand in `migrations`, and a test compares.

The ORM does the plain writes and look-ups by key; what counts, locks, or answers a screen is written in SQL.
"""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class UserRow(Model):
    id = fields.UUIDField(primary_key=True)
    username = fields.TextField()
    email = fields.TextField(null=True)
    email_canonical = fields.TextField(null=True)
    password_hash = fields.TextField()
    display_name = fields.TextField()
    bio = fields.TextField()
    link = fields.TextField()
    place = fields.TextField()
    language = fields.TextField()
    private = fields.BooleanField()
    role = fields.TextField()
    state = fields.TextField()
    avatar_key = fields.TextField(null=True)
    show_camera = fields.BooleanField()
    downloads = fields.BooleanField()
    timezone = fields.TextField()
    text_size = fields.SmallIntField()
    motion = fields.TextField()
    single_keys = fields.BooleanField()
    alt_reminder = fields.TextField()
    away_since = fields.DatetimeField(null=True)
    erase_at = fields.DatetimeField(null=True)
    posts_everyone = fields.IntField()
    posts_followers = fields.IntField()
    posts_only_me = fields.IntField()
    followers = fields.IntField()
    following = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "users"


class SessionRow(Model):
    id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField()
    token_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    user_agent = fields.TextField()
    ip = fields.TextField()

    class Meta:
        table = "sessions"


class TokenRow(Model):
    id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField()
    name = fields.TextField()
    token_hash = fields.BinaryField()
    scopes = ArrayField("text")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "tokens"


class InviteRow(Model):
    id = fields.UUIDField(primary_key=True)
    code = fields.TextField()
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    max_uses = fields.IntField()
    uses = fields.IntField()

    class Meta:
        table = "invites"


class FileRow(Model):
    id = fields.UUIDField(primary_key=True)
    owner_id = fields.UUIDField()
    name = fields.TextField()
    size = fields.BigIntField()
    sha256 = fields.TextField()
    kind = fields.TextField()
    key = fields.TextField()
    created_at = fields.DatetimeField()
    state = fields.TextField()
    step = fields.TextField(null=True)
    error_code = fields.TextField(null=True)
    error_detail = fields.TextField(null=True)
    error_words: fields.Field[list] = fields.JSONField(null=True)
    facts: fields.Field[dict] = fields.JSONField(null=True)
    renditions: fields.Field[list] = fields.JSONField()
    steps: fields.Field[list] = fields.JSONField()
    width = fields.IntField()
    height = fields.IntField()
    lqip = fields.TextField()
    duplicate_of = fields.UUIDField(null=True)
    post_id = fields.UUIDField(null=True)
    position = fields.SmallIntField(null=True)
    alt = fields.TextField()
    crop: fields.Field[dict] = fields.JSONField(null=True)
    cut = fields.IntField()

    class Meta:
        table = "files"


class ExportRow(Model):
    id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField()
    state = fields.TextField()
    progress = fields.SmallIntField()
    language = fields.TextField()
    key = fields.TextField(null=True)
    size = fields.BigIntField()
    downloads = fields.IntField()
    error = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "exports"

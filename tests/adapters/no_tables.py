"""A models module for tests that need none."""

from tortoise import fields
from tortoise.models import Model


class Nothing(Model):
    """Tortoise warns about a module without models."""

    id = fields.IntField(primary_key=True)

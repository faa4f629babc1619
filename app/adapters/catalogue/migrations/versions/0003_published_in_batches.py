"""A document is published in batches: its text first, then its pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("documents", sa.Column("published", sa.Integer, nullable=False, server_default="0"))
    op.add_column("documents", sa.Column("time_left_s", sa.Float))
    op.add_column("chunks", sa.Column("batch", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE documents SET published = 1 WHERE status IN ('ready', 'partial')")

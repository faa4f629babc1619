"""Which documents came inside which: a mail's attachments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "parts",
        sa.Column(
            "whole_id",
            sa.Text,
            sa.ForeignKey("documents.id", name="parts_whole", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "part_id",
            sa.Text,
            sa.ForeignKey("documents.id", name="parts_part", ondelete="CASCADE"),
            primary_key=True,
        ),
    )
    op.create_index("parts_by_part", "parts", ["part_id"])

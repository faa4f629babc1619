"""Conversations with their turns, and sessions of browsers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
    )
    op.create_index("conversations_in_order", "conversations", ["caller", "updated_at", "id"])
    op.create_index("conversations_by_age", "conversations", ["updated_at"])
    op.create_table(
        "turns",
        sa.Column(
            "conversation_id",
            sa.Text,
            sa.ForeignKey("conversations.id", name="turns_conversation", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("images", sa.Integer, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("answered_at", moment),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("folded", sa.Text, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
    )
    op.create_index("sessions_in_order", "sessions", ["caller", "used_at"])
    op.create_index("sessions_by_end", "sessions", ["expires_at"])

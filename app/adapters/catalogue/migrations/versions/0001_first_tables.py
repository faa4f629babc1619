"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


UNDELETED = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    _collections()
    _documents()
    _chunks()
    _tombstones_and_leases()


def _collections() -> None:
    op.create_table(
        "collections",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("encoders", sa.JSON, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "one_collection_of_a_name",
        "collections",
        ["name"],
        unique=True,
        sqlite_where=UNDELETED,
        postgresql_where=UNDELETED,
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column(
            "collection_id", sa.Text, sa.ForeignKey("collections.id", name="documents_collection"), nullable=False
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("stage", sa.Text),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("pages", sa.Integer),
        sa.Column("chunks", sa.JSON, nullable=False),
        sa.Column("problems", sa.JSON, nullable=False),
        sa.Column("page_report", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True)),
        sa.Column("title", sa.Text),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "one_document_of_these_bytes",
        "documents",
        ["collection_id", "sha256"],
        unique=True,
        sqlite_where=UNDELETED,
        postgresql_where=UNDELETED,
    )
    op.create_index("documents_in_order", "documents", ["collection_id", "created_at", "id"])
    op.create_index("documents_by_status", "documents", ["status"])
    op.create_index("documents_by_bytes", "documents", ["sha256"])
    deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index("documents_deleted", "documents", ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted)


def _chunks() -> None:
    op.create_table(
        "chunks",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column(
            "document_id",
            sa.Text,
            sa.ForeignKey("documents.id", name="chunks_document", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("regions", sa.JSON, nullable=False),
        sa.Column("place", sa.JSON),
        sa.Column("image", sa.Text),
    )
    op.create_index("chunks_in_order", "chunks", ["document_id", "ordinal"])


def _tombstones_and_leases() -> None:
    op.create_table(
        "tombstones",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("worker_id", sa.Text, primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )

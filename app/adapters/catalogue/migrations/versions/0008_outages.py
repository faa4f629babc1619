"""Documents say what they wait for; the lease of a dead worker is claimed once; catalogue and files know each other."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("documents", sa.Column("waiting_for", sa.Text))
    op.add_column("leases", sa.Column("claimed_by", sa.Text))
    op.create_index(
        "documents_waiting",
        "documents",
        ["waiting_for"],
        sqlite_where=sa.text("waiting_for IS NOT NULL"),
        postgresql_where=sa.text("waiting_for IS NOT NULL"),
    )
    op.create_table("installation", sa.Column("id", sa.Text, primary_key=True))

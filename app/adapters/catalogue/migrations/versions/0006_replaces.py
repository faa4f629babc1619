"""A document may be the new version of another."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("documents", sa.Column("replaces", sa.Text))

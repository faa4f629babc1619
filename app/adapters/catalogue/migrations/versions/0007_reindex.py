"""A collection may be on its way to other encoders."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("collections", sa.Column("reindex", sa.JSON))
    op.add_column("documents", sa.Column("re_embedded", sa.Text))

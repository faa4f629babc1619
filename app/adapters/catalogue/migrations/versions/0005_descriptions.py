"""What a model says of a picture or table, apart from what the document says."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("chunks", sa.Column("description", sa.Text, nullable=False, server_default=""))
    op.add_column("chunks", sa.Column("described_by", sa.Text, nullable=False, server_default=""))

"""what reviewers say (severity, comment); from when on a series counts as complete."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("artifact_answer") as batch_op:
        batch_op.add_column(sa.Column("severity", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("comment", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("job") as batch_op:
        batch_op.add_column(sa.Column("complete_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("complete_at")
    with op.batch_alter_table("artifact_answer") as batch_op:
        batch_op.drop_column("comment")
        batch_op.drop_column("severity")

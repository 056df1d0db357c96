"""the facade: a second date parameter."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("second_from_at", "second_until_at"):
        op.add_column("fhir_resource", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("second_until_at", "second_from_at"):
        op.drop_column("fhir_resource", name)

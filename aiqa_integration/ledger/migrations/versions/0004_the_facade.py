"""the façade: resources, what they are found by, exports, bearer tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_api_token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_token_sha256")),
    )
    op.create_table(
        "fhir_export",
        sa.Column("export_id", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("resource_types", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("transaction_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("export_id", name=op.f("pk_fhir_export")),
    )
    op.create_table(
        "fhir_resource",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fhir_resource")),
        sa.UniqueConstraint("resource_type", "resource_id", name=op.f("uq_fhir_resource_resource_type_resource_id")),
    )
    with op.batch_alter_table("fhir_resource") as batch_op:
        batch_op.create_index("ix_fhir_resource_type_from_at", ["resource_type", "from_at", "number", "until_at"], unique=False)
        batch_op.create_index(
            "ix_fhir_resource_type_last_updated", ["resource_type", "last_updated", "number"], unique=False
        )
        batch_op.create_index("ix_fhir_resource_type_number", ["resource_type", "number"], unique=False)

    op.create_table(
        "fhir_token",
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_fhir_token")),
        sa.UniqueConstraint("parameter", "code", "system", name=op.f("uq_fhir_token_parameter_code_system")),
    )
    op.create_table(
        "fhir_posting",
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["fhir_resource.number"], name=op.f("fk_fhir_posting_number_fhir_resource")
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["fhir_token.token_id"], name=op.f("fk_fhir_posting_token_id_fhir_token")
        ),
        sa.PrimaryKeyConstraint("token_id", "number", name=op.f("pk_fhir_posting")),
    )
    with op.batch_alter_table("fhir_posting") as batch_op:
        batch_op.create_index(batch_op.f("ix_fhir_posting_number"), ["number"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("fhir_posting") as batch_op:
        batch_op.drop_index(batch_op.f("ix_fhir_posting_number"))

    op.drop_table("fhir_posting")
    op.drop_table("fhir_token")
    with op.batch_alter_table("fhir_resource") as batch_op:
        batch_op.drop_index("ix_fhir_resource_type_number")
        batch_op.drop_index("ix_fhir_resource_type_last_updated")
        batch_op.drop_index("ix_fhir_resource_type_from_at")

    op.drop_table("fhir_resource")
    op.drop_table("fhir_export")
    op.drop_table("api_token")

"""screenings, answers, calibrations and drift."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calibration",
        sa.Column("device_key", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("artifact", sa.Text(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("slope", sa.Double(), nullable=False),
        sa.Column("intercept", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("reviewed", sa.Integer(), nullable=False),
        sa.Column("positives", sa.Integer(), nullable=False),
        sa.Column("ppv_low", sa.Double(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device_key", "family", "artifact", name=op.f("pk_calibration")),
    )
    op.create_table(
        "drift",
        sa.Column("drift_id", sa.Text(), nullable=False),
        sa.Column("device_key", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("drift_id", name=op.f("pk_drift")),
    )
    with op.batch_alter_table("drift") as batch_op:
        batch_op.create_index(
            "uq_drift_open",
            ["device_key", "family"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
    op.create_table(
        "screening",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_key", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("series_instance_uid", sa.Text(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("distance", sa.Double(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("audit", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.report_id"], name=op.f("fk_screening_report_id_report")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_screening")),
    )
    with op.batch_alter_table("screening") as batch_op:
        batch_op.create_index("ix_screening_device_key_family_at", ["device_key", "family", "at"], unique=False)
        batch_op.create_index(op.f("ix_screening_at"), ["at"], unique=False)
        batch_op.create_index(op.f("ix_screening_series_instance_uid"), ["series_instance_uid"], unique=False)
    op.create_table(
        "artifact_answer",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("artifact", sa.Text(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["screening.report_id"], name=op.f("fk_artifact_answer_report_id_screening")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_artifact_answer")),
    )
    with op.batch_alter_table("artifact_answer") as batch_op:
        batch_op.create_index(op.f("ix_artifact_answer_report_id"), ["report_id"], unique=False)


def downgrade() -> None:
    op.drop_table("artifact_answer")
    op.drop_table("screening")
    op.drop_table("drift")
    op.drop_table("calibration")

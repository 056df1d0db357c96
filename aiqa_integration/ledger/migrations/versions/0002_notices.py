"""notices, recommendations, findings."""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_study_instance_uid", ["study_instance_uid"], unique=False)

    op.create_table(
        "notice",
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("manufacturer", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_scope_ended_at", ["scope", "ended_at"], unique=False)
        batch_op.create_index("ix_notice_subject", ["subject"], unique=False)
        batch_op.create_index(
            "uq_notice_open_subject",
            ["subject"],
            unique=True,
            sqlite_where=sa.text("state = 'PROPOSED'"),
            postgresql_where=sa.text("state = 'PROPOSED'"),
        )

    op.create_table(
        "notice_series",
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("series_instance_uid", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=True),
        sa.Column("artifact", sa.Text(), nullable=True),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeated_by", sa.Text(), nullable=True),
        sa.Column("repeated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("severity_after", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name=op.f("fk_notice_series_job_id_job")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.notice_id"], name=op.f("fk_notice_series_notice_id_notice")),
        sa.PrimaryKeyConstraint("notice_id", "series_instance_uid", name=op.f("pk_notice_series")),
    )
    with op.batch_alter_table("notice_series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_series_job_id"), ["job_id"], unique=False)

    op.create_table(
        "finding",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("artifact", sa.Text(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("calibration", sa.Text(), nullable=True),
        sa.Column("alerts", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.report_id"], name=op.f("fk_finding_report_id_report")),
        sa.PrimaryKeyConstraint("report_id", "position", name=op.f("pk_finding")),
    )
    op.create_table(
        "recommendation",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("likeness", sa.Text(), nullable=False),
        sa.Column("contrast_given", sa.Boolean(), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=True),
        sa.Column("severities", sa.JSON(), nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.report_id"], name=op.f("fk_recommendation_report_id_report")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_recommendation")),
    )
    with op.batch_alter_table("recommendation", schema=None) as batch_op:
        batch_op.create_index("ix_recommendation_decided_at", ["decided_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_study_instance_uid")

    with op.batch_alter_table("recommendation", schema=None) as batch_op:
        batch_op.drop_index("ix_recommendation_decided_at")

    op.drop_table("recommendation")
    op.drop_table("finding")
    with op.batch_alter_table("notice_series", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_series_job_id"))

    op.drop_table("notice_series")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_notice_open_subject",
            sqlite_where=sa.text("state = 'PROPOSED'"),
            postgresql_where=sa.text("state = 'PROPOSED'"),
        )
        batch_op.drop_index("ix_notice_subject")
        batch_op.drop_index("ix_notice_scope_ended_at")

    op.drop_table("notice")

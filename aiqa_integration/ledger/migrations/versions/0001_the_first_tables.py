"""the first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("job_event", "audit")


def upgrade() -> None:
    op.create_table(
        "artifact",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_artifact")),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_table(
        "job",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("study_instance_uid", sa.Text(), nullable=False),
        sa.Column("series_instance_uid", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("modality", sa.Text(), nullable=False),
        sa.Column("manufacturer", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("instance_count", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule_revision", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("stable_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job")),
        sa.UniqueConstraint(
            "archive",
            "study_instance_uid",
            "series_instance_uid",
            "revision",
            name=op.f("uq_job_archive_study_instance_uid_series_instance_uid_revision"),
        ),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_job_announced_at",
            ["announced_at"],
            unique=False,
            sqlite_where=sa.text("announced_at IS NOT NULL"),
            postgresql_where=sa.text("announced_at IS NOT NULL"),
        )
        batch_op.create_index("ix_job_state_updated_at", ["state", "updated_at"], unique=False)
        batch_op.create_index("ix_job_updated_at", ["updated_at"], unique=False)
        batch_op.create_index("ix_job_state_verdict", ["state", "verdict", "refused"], unique=False)
        batch_op.create_index(
            "ix_job_wake_at",
            ["wake_at"],
            unique=False,
            sqlite_where=sa.text("wake_at IS NOT NULL"),
            postgresql_where=sa.text("wake_at IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_job_living_series",
            ["archive", "study_instance_uid", "series_instance_uid"],
            unique=True,
            sqlite_where=sa.text("state <> 'SUPERSEDED'"),
            postgresql_where=sa.text("state <> 'SUPERSEDED'"),
        )

    op.create_table(
        "own_series",
        sa.Column("series_instance_uid", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("series_instance_uid", name=op.f("pk_own_series")),
    )
    op.create_table(
        "poll_cursor",
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("archive", name=op.f("pk_poll_cursor")),
    )
    op.create_table(
        "rule_revision",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_rule_revision")),
    )
    op.create_table(
        "study_seen",
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("study_instance_uid", sa.Text(), nullable=False),
        sa.Column("instance_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("archive", "study_instance_uid", name=op.f("pk_study_seen")),
    )
    op.create_table(
        "job_event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name=op.f("fk_job_event_job_id_job")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_job_event")),
    )
    with op.batch_alter_table("job_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_event_job_id"), ["job_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("effect_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("payload_sha256", sa.Text(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("receipt_detail", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name=op.f("fk_outbox_job_id_job")),
        sa.ForeignKeyConstraint(
            ["payload_sha256"], ["artifact.sha256"], name=op.f("fk_outbox_payload_sha256_artifact")
        ),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_announced_at",
            ["announced_at"],
            unique=False,
            sqlite_where=sa.text("announced_at IS NOT NULL"),
            postgresql_where=sa.text("announced_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_outbox_job_id"), ["job_id"], unique=False)
        batch_op.create_index("ix_outbox_subject_key", ["subject_key"], unique=False)
        batch_op.create_index(
            "ix_outbox_wake_at",
            ["wake_at"],
            unique=False,
            sqlite_where=sa.text("wake_at IS NOT NULL"),
            postgresql_where=sa.text("wake_at IS NOT NULL"),
        )

    op.create_table(
        "report",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("report_uid", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report_json_sha256", sa.Text(), nullable=False),
        sa.Column("preview_png_sha256", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("analysis", sa.Text(), nullable=False),
        sa.Column("analysis_version", sa.Text(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("phantom", sa.Text(), nullable=True),
        sa.Column("device_key", sa.Text(), nullable=False),
        sa.Column("manufacturer", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("refused_code", sa.Text(), nullable=True),
        sa.Column("refused_detail", sa.Text(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("instances_digest", sa.Text(), nullable=False),
        sa.Column("rule_revision", sa.Text(), nullable=False),
        sa.Column("limit_set", sa.Text(), nullable=False),
        sa.Column("limit_set_revision", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name=op.f("fk_report_job_id_job")),
        sa.ForeignKeyConstraint(
            ["preview_png_sha256"], ["artifact.sha256"], name=op.f("fk_report_preview_png_sha256_artifact")
        ),
        sa.ForeignKeyConstraint(
            ["report_json_sha256"], ["artifact.sha256"], name=op.f("fk_report_report_json_sha256_artifact")
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_report")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index("ix_report_device_key_created_at", ["device_key", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_job_id"), ["job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_report_uid"), ["report_uid"], unique=False)

    op.create_table(
        "job_effect",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("effect_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["effect_id"], ["outbox.effect_id"], name=op.f("fk_job_effect_effect_id_outbox")),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name=op.f("fk_job_effect_job_id_job")),
        sa.PrimaryKeyConstraint("job_id", "effect_id", name=op.f("pk_job_effect")),
    )
    with op.batch_alter_table("job_effect", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_effect_effect_id"), ["effect_id"], unique=False)

    op.create_table(
        "measurement",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("metric_version", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("uncertainty", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("slice_index", sa.Integer(), nullable=True),
        sa.Column("tolerance_low", sa.Double(), nullable=True),
        sa.Column("tolerance_high", sa.Double(), nullable=True),
        sa.Column("action_low", sa.Double(), nullable=True),
        sa.Column("action_high", sa.Double(), nullable=True),
        sa.Column("limit_source", sa.Text(), nullable=True),
        sa.Column("limit_revision", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.report_id"], name=op.f("fk_measurement_report_id_report")),
        sa.PrimaryKeyConstraint("report_id", "position", name=op.f("pk_measurement")),
    )
    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_measurement_metric"), ["metric"], unique=False)

    for table in APPEND_ONLY:
        _forbid_changes(table)


def downgrade() -> None:
    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_measurement_metric"))

    op.drop_table("measurement")
    with op.batch_alter_table("job_effect", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_effect_effect_id"))

    op.drop_table("job_effect")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_report_uid"))
        batch_op.drop_index(batch_op.f("ix_report_job_id"))
        batch_op.drop_index("ix_report_device_key_created_at")

    op.drop_table("report")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_wake_at",
            sqlite_where=sa.text("wake_at IS NOT NULL"),
            postgresql_where=sa.text("wake_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_outbox_subject_key")
        batch_op.drop_index(batch_op.f("ix_outbox_job_id"))
        batch_op.drop_index(
            "ix_outbox_announced_at",
            sqlite_where=sa.text("announced_at IS NOT NULL"),
            postgresql_where=sa.text("announced_at IS NOT NULL"),
        )

    op.drop_table("outbox")
    with op.batch_alter_table("job_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_event_job_id"))

    op.drop_table("job_event")
    op.drop_table("study_seen")
    op.drop_table("rule_revision")
    op.drop_table("poll_cursor")
    op.drop_table("own_series")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_job_living_series",
            sqlite_where=sa.text("state <> 'SUPERSEDED'"),
            postgresql_where=sa.text("state <> 'SUPERSEDED'"),
        )
        batch_op.drop_index(
            "ix_job_wake_at",
            sqlite_where=sa.text("wake_at IS NOT NULL"),
            postgresql_where=sa.text("wake_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_job_updated_at")
        batch_op.drop_index("ix_job_state_verdict")
        batch_op.drop_index("ix_job_state_updated_at")
        batch_op.drop_index(
            "ix_job_announced_at",
            sqlite_where=sa.text("announced_at IS NOT NULL"),
            postgresql_where=sa.text("announced_at IS NOT NULL"),
        )

    op.drop_table("job")
    op.drop_table("audit")
    op.drop_table("artifact")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION aiqa_append_only()")


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION aiqa_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION aiqa_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )

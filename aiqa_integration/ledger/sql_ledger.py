"""The ledger in SQLite or PostgreSQL: fulfils ``pipeline.ports.Ledger``, every method one transaction."""

from datetime import datetime

from sqlalchemy import select

from aiqa_integration.ledger import audit, leases
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.tables import EffectRow, JobRow
from aiqa_integration.ledger.transactions.effects import EffectTransactions
from aiqa_integration.ledger.transactions.jobs import JobTransactions
from aiqa_integration.ledger.transactions.notices import NoticeTransactions
from aiqa_integration.ledger.transactions.polls import PollTransactions
from aiqa_integration.model.job import JobState


class SqlLedger(PollTransactions, JobTransactions, EffectTransactions, NoticeTransactions):
    """The truth about jobs and effects, for any number of threads and processes.

    ``artifacts`` keeps the bytes; the schema must be up to date (``schema.upgrade``). All methods raise TransientError
    where the database cannot be used now.
    """

    def forget_announcements(self) -> None:
        """Make due again what was announced and not yet taken, for a broker that lost its messages."""
        write(self.engine, leases.forget_announcements)

    def idle(self) -> bool:
        """Return whether no job or effect waits or is in work."""
        open_states = (JobState.DISCOVERED, JobState.SETTLED, JobState.MEASURED)
        waiting = (
            select(JobRow.job_id).where(JobRow.state.in_(open_states)).exists()
            | select(EffectRow.effect_id).where(EffectRow.wake_at.is_not(None)).exists()
        )
        return not read(self.engine, lambda session: session.scalar(select(waiting)))

    def keep_rules(self, revision: str, rules: str, *, at: datetime) -> None:
        """Keep the text of a rule revision, once."""
        write(self.engine, lambda session: audit.keep_rules(session, revision=revision, rules=rules, at=at))

    def audit(self, *, who: str, action: str, subject: str, detail: str, at: datetime) -> None:
        """Write down what a person did."""
        write(
            self.engine,
            lambda session: audit.append(session, at=at, who=who, action=action, subject=subject, detail=detail),
        )

    def audit_broken_at(self) -> int | None:
        """Return the first row of the audit trail that was tampered with, None if there is none."""
        return read(self.engine, audit.first_broken)

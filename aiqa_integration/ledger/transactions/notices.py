"""What persons were told, and how it fares."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from aiqa_integration.ledger import followed, months, notices, polls
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.transactions.base import Transactions
from aiqa_integration.model.month import ScannerMonth
from aiqa_integration.model.notice import NoticeState
from aiqa_integration.pipeline.chore import EHR_TASKS, FACADE_TASKS
from aiqa_integration.pipeline.follow_up import NoticedSeries


class NoticeTransactions(Transactions):
    """The ledger as the board and those use it who tell of notices elsewhere."""

    def answer_notice(self, notice_id: str, *, accepted: bool, who: str, now: datetime) -> NoticeState:
        """Record a person's answer and return the notice's state; raises LedgerError where there is none.

        Tasks that tell of the notice are brought up to date at once.
        """

        def record(session: Session) -> NoticeState:
            state = notices.answer(session, notice_id, accepted=accepted, who=who, now=now)
            for name in (EHR_TASKS, FACADE_TASKS):
                polls.look_now(session, name, now)
            return state

        return write(self.engine, record)

    def noticed_series(self, series_instance_uids: Sequence[str], now: datetime) -> tuple[NoticedSeries, ...]:
        """Return what is known of these series, the newest notice last."""
        return read(self.engine, lambda session: followed.noticed_series(session, series_instance_uids, now))

    def awaited_series(self, now: datetime) -> tuple[NoticedSeries, ...]:
        """Return the series of notices that wait for an answer."""
        return read(self.engine, lambda session: followed.awaited_series(session, now))

    def scanner_months(self, since: datetime, until: datetime) -> tuple[ScannerMonth, ...]:
        """Return what each scanner came to in a span of time."""
        return read(self.engine, lambda session: months.scanner_months(session, since, until))

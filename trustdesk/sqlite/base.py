"""SQLite lets one writer in at a time and does not queue the others: each sleeps up to a tenth of a second and looks
again, and a busy process has mostly taken the lock anew by then. A door with mail to acknowledge could starve for
seconds beside one worker. So the processes of a desk take a file lock before they begin a transaction, and wait for it
in steps of a millisecond. The lock belongs to the process and ends with it, however it ends. It only orders: what keeps
transactions apart is still SQLite.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import Any

from django.db.backends.sqlite3 import base

#: How long to wait between two looks, in seconds.
STEP = 0.001


class DatabaseWrapper(base.DatabaseWrapper):
    """Holds the queue's lock from BEGIN to COMMIT or ROLLBACK."""

    _turn: int | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> Any:
        done = super()._commit()  # type: ignore[misc]
        self._end_turn()
        return done

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _take_turn(self) -> None:
        if self._turn is not None or self.is_in_memory_db():
            return
        self._turn = os.open(f"{self.settings_dict['NAME']}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + float(self.settings_dict["OPTIONS"].get("timeout", 5))
        while time.monotonic() < until:  # afterwards SQLite itself decides, and says "database is locked" if it is
            try:
                fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                time.sleep(STEP)

    def _end_turn(self) -> None:
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None

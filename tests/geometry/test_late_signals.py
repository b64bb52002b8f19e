"""Signals wait until what must not stop halfway is done."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from elpips.geometry.late_signals import signals_wait


def test_ctrl_c_comes_after_the_block() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), signals_wait():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("the rest of the block")
    assert done


def test_handlers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with signals_wait():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_have_no_signals_to_hold_back() -> None:
    done = []

    def work() -> None:
        with signals_wait():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done

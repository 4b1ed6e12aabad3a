"""A signal is noted and obeyed at the next step; a second Ctrl-C doesn't wait."""

import os
import signal
import threading

import pytest

from optcli.train.signals import WATCHED, Signals


@pytest.fixture(autouse=True)
def heard():
    """Interrupts are listened to, although whoever started the tests may have had them ignored (a background job)."""
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, old)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_is_noted(number: signal.Signals) -> None:
    before = [signal.getsignal(n) for n in WATCHED]
    with Signals() as signals:
        assert signals.received is None
        os.kill(os.getpid(), number)
        assert signals.received == number
    assert [signal.getsignal(n) for n in WATCHED] == before


def test_the_first_signal_counts() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.received == signal.SIGUSR1


def test_a_second_interrupt_stops_at_once() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert signals.received == signal.SIGINT


def test_what_was_to_be_ignored_stays_ignored() -> None:
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Signals() as signals:
            os.kill(os.getpid(), signal.SIGINT)
            assert signals.received is None
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, old)


def test_the_handlers_come_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), Signals():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGTERM) == before


def test_nested_contexts_undo_in_order() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Signals() as outer:
        with Signals() as inner:
            os.kill(os.getpid(), signal.SIGTERM)
        assert (inner.received, outer.received) == (signal.SIGTERM, None)
        os.kill(os.getpid(), signal.SIGTERM)
        assert outer.received == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_forked_worker_has_the_old_handlers() -> None:
    with Signals() as signals:
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
        assert signals.received is None
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.received == signal.SIGTERM


def test_outside_the_main_thread_nothing_is_watched() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with Signals() as signals:
            seen.append((signals.received, signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(None, before)]


def test_on_a_terminal_the_first_interrupt_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    monkeypatch.setattr("os.isatty", lambda number: True)
    monkeypatch.setattr("os.write", lambda number, text: written.append(text) or len(text))
    with Signals():
        os.kill(os.getpid(), signal.SIGINT)
        monkeypatch.undo()
    assert written == [b"\nstopping after this step; Ctrl-C again stops at once\n"]

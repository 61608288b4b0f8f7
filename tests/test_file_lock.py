"""Who comes second waits until the first one has gone, by itself or because it was killed."""

import subprocess
import sys
import threading

from imgcls.file_lock import one_at_a_time

HOLDS = (
    "import sys, time; from pathlib import Path; from imgcls.file_lock import one_at_a_time\n"
    "with one_at_a_time(Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(600)"
)


def test_a_second_one_waits_for_the_first_and_no_longer(tmp_path):
    order = []

    def second() -> None:
        with one_at_a_time(tmp_path / "lock"):
            order.append("second")

    with one_at_a_time(tmp_path / "lock"):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join(60)
    assert order == ["first", "second"]


def test_a_process_that_is_killed_lets_go(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path / "lock"], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    with one_at_a_time(tmp_path / "lock") as file:
        file.write("mine")
    assert (tmp_path / "lock").read_text() == "mine"

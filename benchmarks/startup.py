"""How long a command takes to answer: `import imgcls` and `--help`, in fresh processes.

    python benchmarks/startup.py

To reach, on two cores: import 0.2 s, `python -m imgcls.train --help` 0.5 s. Bare Python is measured beside them.
"""

import argparse
import statistics
import subprocess
import sys
import time

from imgcls.processor import describe

CASES = {  # what: arguments of Python, seconds to reach
    "bare Python": (["-c", "pass"], None),
    "import imgcls": (["-c", "import imgcls"], 0.2),
    "python -m imgcls": (["-m", "imgcls"], None),
    "train --help": (["-m", "imgcls.train", "--help"], 0.5),
    "train --help-all": (["-m", "imgcls.train", "--help-all"], None),
    "benchmark --help": (["-m", "imgcls.benchmark", "--help"], None),
    "predict --help": (["-m", "imgcls.predict", "--help"], None),
    "export --help": (["-m", "imgcls.export", "--help"], None),
}


def seconds(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, (arguments, _) in CASES.items():  # the cases alternate, so that noise meets all of them
            times[name].append(seconds(arguments))
    print(describe())
    print(f"{'seconds':20}{'median':>9}{'least':>9}{'most':>9}{'to reach':>10}")
    for name, (_, limit) in CASES.items():
        row = times[name]
        print(f"{name:20}{statistics.median(row):9.3f}{min(row):9.3f}{max(row):9.3f}{limit or '':>10}")

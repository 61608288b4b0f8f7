"""Examine this machine: what is wrong with it for training, how fast it is, what limits it, and what to type.

It looks at the processor and its vector units, cores and memory with a container's share of them, the disk of this
folder, the versions of the packages, and NVIDIA's cards with their driver. A card that TensorFlow does not use gets a
sentence that says why, and what to install. Then it makes one step of a small network on each device and compares the
numbers with the processor's, and measures how many images a second are decoded, augmented, trained and predicted. That
takes about a minute on two cores; --quick leaves it out.

The exit code is 0 if all is well, and 1 if something is wrong; what is only slow is not wrong. --json keeps all that
was found in a file; with - it prints JSON alone, for a script.

Examples:
  python -m imgcls.doctor
  python -m imgcls.doctor --quick
  python -m imgcls.doctor --json machine.json
  python -m imgcls.doctor --quick --json -
"""

from dataclasses import dataclass

from imgcls.cli import command
from imgcls.files import check_writable


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    quick: bool = False  # leave out the comparison of devices and the measurement of speeds
    json: str | None = None  # file that everything found is written to; - for the standard output, and nothing else


def main(options: Options) -> int:
    """Examine the machine, and print what was found."""
    if options.json not in (None, "-"):
        check_writable(options.json)
    command.import_tensorflow()
    from imgcls.cli.run_doctor import doctor

    return doctor(not options.quick, options.json)


if __name__ == "__main__":
    command.run(main, Options, __doc__)

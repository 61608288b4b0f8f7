"""NVIDIA's cards in this machine, as its driver names them; TensorFlow is not asked."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from imgcls.machine.container import SYSTEM

QUERY = ("nvidia-smi", "--query-gpu=name,driver_version,compute_cap,memory.total", "--format=csv,noheader")
PATIENCE = 20  # seconds; a driver that has to start first takes some
NVIDIA, DISPLAY = "0x10de", "0x03"  # PCI's number of the maker, and the class that begins so: displays and 3D


@dataclass(frozen=True)
class Card:
    """A card.

    Attributes:
        name: Such as "NVIDIA H100 80GB HBM3".
        driver: Version, such as "550.54.15".
        compute_capability: Such as (9, 0); None where the driver does not say.
        memory: Bytes; 0 where the driver does not say.
    """

    name: str
    driver: str
    compute_capability: tuple[int, int] | None
    memory: int


@dataclass(frozen=True)
class Nvidia:
    """What the machine says of NVIDIA's cards.

    Attributes:
        cards: That the driver names.
        traces: What shows a card even without a driver that answers, such as "/dev/nvidia0"; empty: there is none.
        complaint: What nvidia-smi said in place of an answer; empty if it answered, or is not there.
    """

    cards: tuple[Card, ...] = ()
    traces: tuple[str, ...] = ()
    complaint: str = ""

    @property
    def has_card(self) -> bool:
        """Whether there is a card, usable or not."""
        return bool(self.cards or self.traces)


def find_nvidia(root: Path = SYSTEM) -> Nvidia:
    """Look for cards.

    Args:
        root: The folder that /dev, /proc and /sys lie in.
    """
    found = traces(root)
    try:
        answer = subprocess.run(QUERY, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        late = isinstance(error, subprocess.TimeoutExpired)
        return Nvidia((), found, f"nvidia-smi gave no answer in {PATIENCE} s" if late else "")
    if answer.returncode:
        said = (answer.stdout + answer.stderr).strip().splitlines() or [f"exit code {answer.returncode}"]
        return Nvidia((), found, said[0].rstrip("."))
    return Nvidia(tuple(parse_cards(answer.stdout)), found)


def traces(root: Path = SYSTEM) -> tuple[str, ...]:
    """What shows that there is a card, without a process that is started.

    Args:
        root: The folder that /dev, /proc and /sys lie in.
    """
    found = [path for path in sorted((root / "dev").glob("nvidia*")) if re.fullmatch(r"nvidia\d+", path.name)]
    driver = root / "proc" / "driver" / "nvidia" / "version"
    found += [driver] if driver.is_file() else []
    found += [folder for folder in sorted((root / "sys/bus/pci/devices").glob("*")) if _is_display(folder)]
    return tuple(f"/{path.relative_to(root)}" for path in found)


def parse_cards(answer: str) -> list[Card]:
    """The cards of an answer of nvidia-smi to `QUERY`; lines of another form are left out.

    Example:
        >>> parse_cards("NVIDIA T4, 550.54.15, 7.5, 15360 MiB")[0].compute_capability
        (7, 5)
    """
    cards = []
    for line in answer.splitlines():
        fields = [field.strip() for field in line.rsplit(",", 3)]
        if len(fields) == 4:
            name, driver, capability, memory = fields
            numbers, size = re.fullmatch(r"(\d+)\.(\d+)", capability), re.match(r"(\d+) MiB", memory)
            pair = (int(numbers[1]), int(numbers[2])) if numbers else None
            cards.append(Card(name, driver, pair, int(size[1]) << 20 if size else 0))
    return cards


def _is_display(folder: Path) -> bool:
    try:
        maker, kind = ((folder / name).read_text("ascii").strip() for name in ("vendor", "class"))
    except OSError:
        return False
    return maker == NVIDIA and kind.startswith(DISPLAY)

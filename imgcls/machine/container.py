"""How much of the machine a container gives to this process: control groups of Linux, version 1 and 2."""

from collections.abc import Iterator
from pathlib import Path

SYSTEM = Path("/")
NO_LIMIT = 1 << 60  # bytes, above which version 1 means none


def processor_share(root: Path = SYSTEM) -> float | None:
    """The cores that the control groups allow, such as 1.5; None without a limit.

    Args:
        root: The folder that /proc and /sys lie in.
    """
    shares = []
    for folder in _groups("cpu", root):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if not quota:
            quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal():
            shares.append(int(quota) / int(period))
    return min(shares, default=None)


def memory_limit(root: Path = SYSTEM) -> int | None:
    """The bytes of memory that the control groups allow; None without a limit.

    Args:
        root: The folder that /proc and /sys lie in.
    """
    texts = [
        _read(folder / name)
        for folder in _groups("memory", root)
        for name in ("memory.max", "memory.limit_in_bytes")  # of version 2, of version 1
    ]
    return min((int(text) for text in texts if text.isdecimal() and int(text) < NO_LIMIT), default=None)


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """The folders of this process' group and of those above it, whose limits hold as well.

    Inside of a container the named folder may be missing: its own limits then lie in the topmost one.
    """
    mount = root / "sys" / "fs" / "cgroup"
    for line in _read(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = mount / controller if controllers else mount
        folder = top / path.lstrip("/")
        yield from (each for each in (folder, *folder.parents) if each.is_relative_to(top))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""

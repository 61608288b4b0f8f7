"""Whether a process still lives, by its number."""

import math
import os

CLOCKS_APART = 60  # seconds by which a process may seem to have begun after it wrote something


def is_alive(pid: int, moment: float = math.inf) -> bool:
    """Whether the process of a number lives, and did so at a moment; a younger one has the number by chance.

    One that has ended and that its parent did not clear away, a zombie, does not live.

    Args:
        pid: The number. What is no number of a process belongs to none.
        moment: In seconds since 1970.

    Example:
        >>> is_alive(os.getpid()), is_alive(os.getpid(), moment=0.0)
        (True, False)
    """
    import psutil  # takes longer than most commands need to show their help

    try:
        process = psutil.Process(pid)
        began: float = process.create_time()
        return began <= moment + CLOCKS_APART and process.status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return _is_hidden(pid)
    except (psutil.Error, ValueError, OverflowError):
        return False


def _is_hidden(pid: int) -> bool:
    """Whether there is such a process of another user, which a /proc with hidepid does not show."""
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError) as error:
        return isinstance(error, PermissionError)
    return False

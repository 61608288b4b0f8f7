"""The limits of a container, from files as Linux has them."""

import pytest

from imgcls.machine.container import memory_limit, processor_share


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "share", "memory"),
    [
        pytest.param(
            {
                "proc/self/cgroup": "0::/pod/one\n",
                "sys/fs/cgroup/pod/one/cpu.max": "max 100000\n",
                "sys/fs/cgroup/pod/cpu.max": "150000 100000\n",
                "sys/fs/cgroup/pod/one/memory.max": "4000000000\n",
                "sys/fs/cgroup/pod/memory.max": "max\n",
            },
            1.5,
            4_000_000_000,
            id="version 2, where the groups above count too",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000000\n",
            },
            0.5,
            2_000_000_000,
            id="version 1 in a container, whose own folder is not to be seen",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:memory:/\n3:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
            None,
            None,
            id="version 1 without limits",
        ),
        pytest.param({}, None, None, id="a system without control groups"),
    ],
)
def test_the_smallest_limit_counts(tmp_path, files, share, memory):
    write(tmp_path, files)
    assert processor_share(tmp_path) == share
    assert memory_limit(tmp_path) == memory

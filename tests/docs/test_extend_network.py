"""The page docs/extend/network.md runs as it stands."""

import re

from imgcls.models import list_models
from tests.docs import DOCS


def blocks_of(page: str) -> list[str]:
    """The Python blocks of a page, in order. page: its path in docs/."""
    return re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    files = []
    for block in blocks_of("extend/network.md"):
        if name := re.match(r"# (\w+\.py)\n", block):
            (tmp_path / name[1]).write_text(block)
            files.append(name[1])
        else:
            exec(compile(block, "network.md", "exec"), namespace)
    assert files == ["my_net.py", "my_resnets.py"]
    assert {"my_net", "my_resnet14", "my_resnet20"} <= set(list_models())

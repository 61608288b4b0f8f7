import pytest

from imgcls.serving.compatibility.targets import NEWEST_SERVING, check_target, list_targets


def test_a_release_without_a_table():
    assert list_targets() == ["2.19", "2.20", "2.21"]
    assert NEWEST_SERVING in list_targets()
    with pytest.raises(ValueError, match=r"--for-serving is '2\.2'; expected one of 2\.19, 2\.20, 2\.21\. Did you"):
        check_target("2.2")
    with pytest.raises(ValueError, match=r"--for-serving is '\.\./x'"):
        check_target("../x")

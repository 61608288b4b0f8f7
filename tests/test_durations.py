import pytest

from imgcls.durations import clock


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (605, "10:05"), (3_675, "1:01:15")])
def test_a_duration_is_read_like_a_clock(seconds, text):
    assert clock(seconds) == text

"""Which batches devices can share."""

from types import SimpleNamespace

import pytest

from imgcls.training.devices.strategy import check_batch_size, check_batch_size_of_run, shares_of_devices


def devices(count: int) -> SimpleNamespace:
    return SimpleNamespace(num_replicas_in_sync=count, extended=SimpleNamespace())


def test_shares_are_as_equal_as_can_be():
    check_batch_size(64, 1, devices(3))
    assert shares_of_devices(64, devices(3)) == [22, 21, 21]


@pytest.mark.parametrize(
    ("batch_size", "parts", "said"),
    [
        (2, 1, r"--batch-size 2 is fewer images than there are devices \(3\); choose --batch-size 3\."),
        (64, 2, "--batch-size 64 on 3 devices has no 2 equal parts a device for .*; choose --batch-size 60"),
        (4, 2, "--batch-size 4 on 3 devices has no 2 equal parts a device for .*; choose --batch-size 6"),
    ],
)
def test_a_batch_that_the_devices_cannot_share_is_refused(batch_size, parts, said):
    with pytest.raises(ValueError, match=said):
        check_batch_size(batch_size, parts, devices(3))


def test_a_run_whose_batches_the_devices_cannot_share_names_devices_that_can():
    check_batch_size_of_run(64, 1, 5)
    with pytest.raises(ValueError, match=r"have 7 images, which 9 devices cannot share\. .*go on with 7 devices\."):
        check_batch_size_of_run(7, 1, 9)
    with pytest.raises(ValueError, match=r"have 64 images, each share of them in 2 equal parts, .*with 4 devices\."):
        check_batch_size_of_run(64, 2, 5)

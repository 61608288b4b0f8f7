import hashlib

from imgcls.checksums import sha256_of


def test_the_checksum_is_that_of_the_content(tmp_path):
    content = bytes(range(256)) * 5_000
    (tmp_path / "a").write_bytes(content)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(content).hexdigest()

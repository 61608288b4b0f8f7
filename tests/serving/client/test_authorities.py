import pytest

from imgcls.serving.client import AsyncClient, Client
from imgcls.serving.client.authorities import check_authorities
from tests.serving.certificates import self_signed


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("address", ["https://localhost:1", "grpcs://localhost:1"])
def test_a_file_that_is_not_there_is_named_before_anything_is_sent(kind, address):
    with pytest.raises(ValueError, match=r"^The file nowhere\.pem cannot be read \(no such file.*expected a PEM file"):
        kind(address, "line", ca_file="nowhere.pem")


def test_a_file_holds_a_certificate(tmp_path):
    key, certificate = self_signed()
    (tmp_path / "both.pem").write_bytes(key + certificate)
    check_authorities(tmp_path / "both.pem")
    for content in (key, b"", b"no certificate", certificate[:200]):
        (tmp_path / "other.pem").write_bytes(content)
        with pytest.raises(ValueError, match=r"other\.pem holds no certificate that can be read; expected"):
            check_authorities(tmp_path / "other.pem")
    with pytest.raises(ValueError, match="cannot be read"):
        check_authorities(tmp_path)

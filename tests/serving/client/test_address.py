import pytest

from imgcls.serving.client.address import Address, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:8501", Address("http://127.0.0.1:8501")),
        ("https://example.org/serving/", Address("https://example.org/serving")),
        ("https://example.org/serving/v1/models/a%20b", Address("https://example.org/serving", "a b")),
        ("http://[::1]:8501/v1/models/roses:predict", Address("http://[::1]:8501", "roses")),
        ("grpc://[::1]:8500/roses/versions/2/", Address("grpc://[::1]:8500", "roses", 2)),
        ("grpcs://example.org/roses/labels/stable", Address("grpcs://example.org", "roses", None, "stable")),
    ],
)
def test_addresses(text, expected):
    assert parse_address(text) == expected


@pytest.mark.parametrize("text", ["localhost:8501", "ftp://a/b", "http://", "grpc://", "", "http://a b"])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match=r"expected an address such as 'http://127\.0\.0\.1:8501' or 'grpc://"):
        parse_address(text)

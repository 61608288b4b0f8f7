"""What a client raises, in sentences that say what to do."""

import re

from imgcls.command_line import command_line
from imgcls.serving.client.target import Target

UNKNOWN_LABEL = "Unrecognized servable version label"  # which TensorFlow Serving says with 400, and not with 404
UNTRUSTED = re.compile(  # in what OpenSSL says, and in what gRPC does
    r"CERTIFICATE_VERIFY_FAILED(?:\] certificate verify failed)?: (.+?)\.?(?: \(_ssl\.c:\d+\))?(?:: OK)?$"
    r"|(Hostname Verification Check failed)"
)
OTHER_NAME = re.compile(r"(?i)hostname|address mismatch")  # of these, where the certificate is another server's

NOT_SPOKEN = re.compile(r"illegal (request|status) line|Failed parsing HTTP/2|http1\.x server")  # h11 says it, and gRPC
NO_TLS = re.compile(r"(?i)WRONG_VERSION_NUMBER")  # OpenSSL's, of an answer that is not encrypted


class UnavailableError(RuntimeError):
    """The server is there and takes no request at present, such as one with a full queue."""


class UnreachableError(ConnectionError):
    """Nobody answers at present, or the connection broke."""


def too_late(target: Target) -> TimeoutError:
    """The server has not answered in time."""
    return TimeoutError(
        f"The server at {target.address.server} did not answer within {target.timeout:g} seconds. Send fewer images, "
        "or give the client a longer timeout."
    )


def no_server(target: Target, why: object) -> ConnectionError:
    """Nobody answers in the protocol of the address, the connection broke, or the certificate is not trusted.

    Args:
        target: Who was asked.
        why: What the library of the connection says.
    """
    if found := UNTRUSTED.search(str(why)):
        return _untrusted(target, found[1] or found[2])
    if NO_TLS.search(str(why)):
        plain = "grpc://" if target.address.is_grpc else "http://"
        return ConnectionError(f"What answers at {target.address.server} does not speak TLS. Ask it with {plain}")
    if NOT_SPOKEN.search(str(why)):
        spoken = "gRPC" if target.address.is_grpc else "REST over HTTP"
        return ConnectionError(
            f"What answers at {target.address.server} does not speak {spoken}. Check scheme and port of the address: "
            "8500 is usually gRPC's, and 8501 REST's."
        )
    return UnreachableError(
        f"No server answers at {target.address.server} ({why}). Start one: "
        f"{command_line('serve', f'saved_models/{target.name}')}"
    )


def _untrusted(target: Target, why: str) -> ConnectionError:
    """A certificate that is refused, which another attempt does not change."""
    advice = "Name the PEM file of the authority that signed it: --ca-file FILE, in Python ca_file."
    if OTHER_NAME.search(why):
        advice = "Ask the server under a name that its certificate holds."
    return ConnectionError(f"The certificate of the server at {target.address.server} is not trusted ({why}). {advice}")


def not_found(target: Target, why: str) -> ValueError:
    """The server lacks the model, the version or the label."""
    return ValueError(f"The server at {target.address.server} has no {target.described}: {why}")


def refused(target: Target, code: str, why: str, *, for_now: bool = False) -> ValueError | RuntimeError:
    """Every other refusal, in the server's words, and that of a label.

    Args:
        target: Who refused.
        code: Such as "HTTP 413" or "RESOURCE_EXHAUSTED".
        why: The server's sentence.
        for_now: Whether it may answer the same request later.
    """
    if why.startswith(UNKNOWN_LABEL):
        return not_found(target, why)
    kind = UnavailableError if for_now else RuntimeError
    return kind(f"The server at {target.address.server} refused ({code}): {why}")

"""How a server is reached over HTTP: what it asks of clients, and what it writes down of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HttpOptions:
    """What `imgcls.serving.server.rest.http` needs beside the models.

    Attributes:
        most_connections: Open at once; a request over one more is refused.
        request_seconds: From a request's last byte to its answer; it is refused then.
        upload_seconds: From a connection's or a request's first byte to its last; it is refused then. Also the time in
            which a client may read nothing of its answer; it is cut off then.
        token: Every request has to name it, but those for health and the page; "" for none.
        cors: The origin whose pages may ask, "*" for all, "" for none.
        access_log: A file that gets a line of JSON a request; "-" is standard output, "" none.
    """

    most_connections: int = 500
    request_seconds: float = 60.0
    upload_seconds: float = 60.0
    token: str = ""
    cors: str = ""
    access_log: str = ""

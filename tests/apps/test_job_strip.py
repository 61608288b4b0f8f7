"""The strip at the side that shows what runs."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from jobs.job import Job
from projects.project import create_project

READY = {"model_version_status": [{"state": "AVAILABLE"}]}


class Answering(BaseHTTPRequestHandler):
    """Says that the model is there."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(READY).encode())

    def log_message(self, *said):
        """Say nothing."""


@pytest.fixture
def server():
    """A server that has its port, and answers nobody yet."""
    with HTTPServer(("127.0.0.1", 0), Answering, bind_and_activate=False) as server:
        server.server_bind()
        yield server


def test_a_server_is_said_to_start_until_it_answers(page, server, monkeypatch):
    project = create_project("Clothes")
    about = {"bundle": "coats", "port": server.server_port}
    job = Job(project.name, "one", "serve", "Server of coats", "running", about=about)
    monkeypatch.setattr("parts.job_strip.live_jobs", lambda: [job])
    view = page("home")
    assert "It starts, which takes some seconds" in view.text
    server.server_activate()
    Thread(target=server.handle_request, daemon=True).start()
    assert "Answers until it is stopped" in view.look().text

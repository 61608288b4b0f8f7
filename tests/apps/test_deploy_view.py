"""Deploy: a run is exported, served, and asked as other programs ask it."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import playwright
import pytest
from conftest import Page

from tests.apps.faults import in_both_schemes, serious_faults
from tests.apps.served import PATIENCE, SAMPLE, look, running, settled
from tests.conftest import ROOT

NODE = Path(playwright.__file__).parent / "driver" / "node"  # runs JavaScript as a user's would


@pytest.fixture(autouse=True, scope="module")
def no_worker_is_left():
    """This page asks no worker."""


@pytest.fixture(scope="module")
def served(small_run, tmp_path_factory):
    """A project whose run was exported and is served, as "Export and start" does it; the folder that the app is in."""
    from imgcls.models.registry import NETWORK_FILES

    folder = tmp_path_factory.mktemp("app")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
        patch.setenv(NETWORK_FILES, "")
        patch.setattr(sys, "argv", ["app.py"])
        from jobs.job import cancel
        from jobs.servers import find_server
        from projects.project import create_project

        from imgcls import calibrate_run

        project = create_project("Clothes")
        shutil.copytree(small_run.path, project.runs / "small")
        calibrate_run(project.runs / "small")  # as each training ends
        view = Page("deploy", project=project.name)
        assert "not yet" in view.text
        view.press("Export and start").wait_for("Running**: at http://127.0.0.1:", 300)
        server = find_server(project, "small")
        yield project, server, view
        cancel(project, server.job.id)


def test_without_a_run_it_says_what_to_do_first(page, project):
    assert "Train one first" in page("deploy", project=project.name).text


@pytest.fixture
def two_runs(project):
    for name in ("run-1", "run-2"):
        (project.runs / name).mkdir()
        (project.runs / name / "model.keras").touch()
        os.utime(project.runs / name / "model.keras", (1, 1))
    return project


def test_a_button_pressed_for_a_run_that_is_gone_exports_no_other(page, two_runs, monkeypatch):
    from parts.deploy import exporting

    exported = []
    monkeypatch.setattr(exporting, "start_job", lambda *facts: exported.append(facts[5]["run"]))
    view = page("deploy", project=two_runs.name, run="run-2")
    (two_runs.runs / "run-2").rename("elsewhere")
    view.press("Export and start")
    assert "The run run-2 is not finished, or not there any more." in view.text
    assert view.widgets.query_params["run"] == "run-2"
    assert not exported
    view.choose("Run", "run-1").press("Export and start")
    assert exported == ["run-1"]


def exported(project, run: str, least: float, wish: str) -> None:
    """A bundle that says of itself what an export writes."""
    from imgcls.files import write_json

    folder = project.bundles / run / "1"
    (folder / "assets").mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    parity = {"largest_difference": 1e-9, "allowed": 1e-4, "images": 20}
    thresholds = {"values": [least, 0.9], "wish": wish}
    write_json(folder / "assets" / "imgcls.json", {
        "class_names": ["bag", "sneaker"], "parity": parity, "for_serving": {"version": "2.20", "operations": 9},
        "judgement": {"thresholds": thresholds},
    })  # fmt: skip


@pytest.mark.parametrize(
    ("least", "wish", "chosen", "is_older"),
    [
        (0.4, "precision", None, False),
        (0.4, "precision", 0.3, False),  # what was fitted asks for more
        (0.4, "precision", 0.5, True),
        (0.5, "none", 0.5, False),  # exported with it
        (0.5, "none", 0.3, True),
    ],
)
def test_an_export_is_older_than_a_threshold_that_it_does_not_obey(page, two_runs, least, wish, chosen, is_older):
    from projects.threshold import set_threshold

    (two_runs.runs / "run-1" / "config.toml").touch()
    exported(two_runs, "run-1", least, wish)
    if chosen is not None:
        set_threshold(two_runs, "run-1", chosen)
    view = page("deploy", project=two_runs.name, run="run-1")
    assert ("another threshold was set on Results since: export it again" in view.text) == is_older
    assert ("Export again and start" in view.text) == is_older
    assert ("Start the server" in view.text) != is_older


@pytest.mark.slow
def test_the_list_says_what_was_checked(served):
    _, _, view = served
    assert "version 1, 3 classes" in view.text
    assert "probabilities differ by at most" in view.text
    assert "knows all" in view.text
    assert "not measured yet" in view.text


@pytest.mark.slow
@pytest.mark.parametrize("language", ["curl", "short", "python", "javascript"])
def test_the_code_that_is_shown_works(served, small_data, tmp_path, language):
    from parts.deploy.code import code_for

    _, server, view = served
    shown = [block.value for block in view.widgets.code]
    assert code_for(language, server.model_address).strip() in [text.strip() for text in shown]
    picture = next((small_data / "test" / "bag").iterdir())
    program = {"curl": ["bash", "-c"], "short": ["bash", "-c"], "python": [sys.executable, "-c"],
               "javascript": [NODE, "--input-type=module", "-e"]}[language]  # fmt: skip
    done = subprocess.run([*program, code_for(language, server.model_address, str(picture))], capture_output=True,
                          text=True, cwd=tmp_path)  # fmt: skip
    assert not done.stderr
    assert any(name in done.stdout for name in ("bag", "sneaker", "trouser"))


@pytest.mark.slow
def test_a_threshold_reaches_the_server_with_the_next_export(served, small_data):
    from projects.threshold import set_threshold

    from imgcls.serving.client import Client

    project, server, _ = served
    image = min((small_data / "test" / "bag").iterdir()).read_bytes()
    set_threshold(project, "small", 1.0)
    view = Page("deploy", project=project.name)
    assert "but another threshold was set" in view.text
    view.press("Export again").wait_for("version 2, 3 classes", 300)
    with Client(server.model_address) as client:
        until = time.monotonic() + 300
        while client.predict([image])[0].decision != "not sure":
            assert time.monotonic() < until
            time.sleep(0.2)


@pytest.fixture
def answering():
    """Gives the address of a server that has one answer to all questions."""
    servers = []

    def start(answer: dict) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.end_headers()
                columns = {name: [value] for name, value in answer.items()}
                self.wfile.write(json.dumps({"predictions": [answer], "outputs": columns}).encode())

            def log_message(self, *said):
                """Say nothing."""

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/v1/models/flowers"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "program", [("python", sys.executable, "-c"), ("javascript", NODE, "--input-type=module", "-e")]
)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"decision": "none of these"}, ["Decision: none of these", "Likeliest: rose, 41.2%"]),
        ({}, ["Likeliest: rose, 41.2%"]),
        ({"decision": "", "problem": "no image"}, ["no image"]),
    ],
)
def test_the_code_says_what_was_decided_before_the_likeliest_class(answering, tmp_path, program, answer, said):
    from parts.deploy.code import code_for

    (tmp_path / "image.jpg").write_bytes(b"image")
    address = answering({"problem": "", "classes": ["rose", "tulip"], "probabilities": [0.412, 0.3]} | answer)
    language, *command = program
    done = subprocess.run([*command, code_for(language, address)], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines() == said, done.stderr


@pytest.mark.browser
def test_names_are_shown_as_they_are_where_a_request_is_tried(browser, answering, tmp_path, monkeypatch):
    odd = {"problem": "", "classes": [":red[x]", "[a](b)"], "probabilities": [0.6, 0.4], "decision": "$x$ and **y**"}
    script = tmp_path / "page.py"
    script.write_text(
        "from types import SimpleNamespace\nfrom parts.deploy.try_request import show_request\n"
        f"show_request(SimpleNamespace(job=SimpleNamespace(id='1'), model_address={answering(odd)!r}), 0.0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "apps"), prepend=os.pathsep)
    with running(script) as address:
        page = browser.new_page()
        page.goto(address)
        image = next((SAMPLE / "test" / "bag").iterdir())
        file = {"name": "$a$ __b__.png", "mimeType": "image/png", "buffer": image.read_bytes()}
        page.locator("input[type=file]").set_input_files(file)
        for shown in ("Its decision: $x$ and **y**", ":red[x]: 60.0 %", "[a](b): 40.0 %"):
            page.get_by_text(shown, exact=True).wait_for(timeout=PATIENCE)
        assert page.get_by_test_id("stImageCaption").inner_text() == "$a$ __b__.png"


@pytest.mark.browser
def test_axe_finds_no_serious_fault_where_a_server_runs(browser, served):
    project, *_ = served
    with running() as address:
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(PATIENCE)
        look(page, f"{address}/deploy?project={project.name}&run=small")
        page.get_by_text("Try a request").wait_for()
        for scheme in in_both_schemes(page):
            for tab in page.get_by_role("tab").all():
                tab.click()
                settled(page)
                faults = serious_faults(page)
                assert not faults, "\n".join([scheme, tab.inner_text(), *faults])


def test_the_files_name_the_model():
    import yaml
    from parts.deploy.files import compose_file, kubernetes_file

    service = yaml.safe_load(compose_file("my_Flowers", ROOT / "models"))["services"]["serving"]
    assert service["environment"]["MODEL_NAME"] == "my_Flowers"
    assert service["volumes"] == [f"{ROOT / 'models'}:/models:ro"]
    parts = list(yaml.safe_load_all(kubernetes_file("my_Flowers", "3")))
    assert {part["metadata"]["name"].removesuffix("-stable").removesuffix("-canary") for part in parts} == {
        "my-flowers"
    }
    stable, canary = (part["spec"] for part in parts if part["kind"] == "Deployment")
    assert stable["template"]["spec"]["containers"][0]["args"][0] == "/models/my_Flowers/3"
    assert canary["replicas"] == 0
    assert "photos" not in kubernetes_file("my_Flowers", "3")
    assert "kubectl apply -f my_Flowers.yaml\n" in kubernetes_file("my_Flowers", "3")  # as the download is called


@pytest.mark.parametrize("bundle", ["photos", "photos-1", "my-photos"])
def test_a_bundle_that_is_called_like_the_template_keeps_its_name(bundle):
    from parts.deploy.files import kubernetes_file

    text = kubernetes_file(bundle, "12")
    assert set(re.findall(r"/models/[^\s,\]]+", text)) == {f"/models/{bundle}/12", f"/models/{bundle}"}
    assert set(re.findall(r"app: ([\w-]+)", text)) == {bundle}


def test_the_figures_of_a_load_test_are_read():
    from parts.deploy.load_test import figures

    text = """One image in a request, 8 images in turn:
clients  images/s  p50 ms  p95 ms  p99 ms  failed
      1     103.1     9.4    12.0    15.8       0
      2   1,403.0     9.9    13.0    16.1       0

One client:
images  images/s  p50 ms  p95 ms  p99 ms  failed
     1     101.0     9.6    12.1    15.0       0
"""
    by_clients, by_images = figures(text)
    assert by_clients["images a second"].tolist() == [103.1, 1403.0]
    assert len(by_images) == 1


@pytest.mark.parametrize(("state", "said"), [("queued", "waits until another job has ended"), ("running", "Measuring")])
def test_a_load_test_that_waits_is_not_said_to_measure(project, state, said, monkeypatch):
    from jobs.job import Job
    from jobs.servers import Server
    from parts.deploy import load_test

    captions: list[str] = []
    monkeypatch.setattr(load_test.st, "caption", captions.append)
    jobs = [Job(project.name, "1", "load test", "Load test", state, about={"bundle": "hats"})]
    monkeypatch.setattr(load_test, "list_jobs", lambda project: jobs)
    load_test.show_load_test(project, Server(jobs[0], "hats"))
    assert [said in caption for caption in captions] == [True]

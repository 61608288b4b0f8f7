import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from imgcls.training.devices.cluster import Cluster, expand_node_list, find_cluster

WORKERS = ["a:1", "b:1"]
DEPLOY = Path(__file__).parents[3] / "deploy"


def test_one_process_is_no_cluster():
    assert find_cluster({}) is None
    alone = {"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}
    assert find_cluster({"TF_CONFIG": json.dumps(alone)}) is None


def test_tensorflow_s_variable_is_read_with_and_without_a_chief():
    task = {"type": "worker", "index": 1}
    config = json.dumps({"cluster": {"worker": WORKERS}, "task": task})
    assert find_cluster({"TF_CONFIG": config}) == Cluster(("a:1", "b:1"), 1)
    config = json.dumps({"cluster": {"chief": ["c:1"], "worker": ["a:1"]}, "task": {"type": "worker", "index": 0}})
    assert find_cluster({"TF_CONFIG": config}) == Cluster(("c:1", "a:1"), 1)


def test_kubernetes_and_slurm_are_read():
    found = find_cluster({"IMGCLS_WORKERS": "train-0.train,train-1.train:9", "JOB_COMPLETION_INDEX": "1"})
    assert found == Cluster(("train-0.train:2222", "train-1.train:9"), 1)
    slurm = {"SLURM_STEP_NODELIST": "gpu[08-10]", "SLURM_STEP_NUM_TASKS": "3", "SLURM_PROCID": "0"}
    assert find_cluster(slurm) == Cluster(("gpu08:2222", "gpu09:2222", "gpu10:2222"), 0)
    assert find_cluster(slurm).is_chief
    with pytest.raises(ValueError, match="--ntasks-per-node=1"):
        find_cluster({**slurm, "SLURM_STEP_NUM_TASKS": "6"})


@pytest.mark.parametrize(
    ("short", "names"),
    [
        ("a", ["a"]),
        ("a[1-2]", ["a1", "a2"]),
        ("a[01-03,7],b", ["a01", "a02", "a03", "a7", "b"]),
        ("a,b-c", ["a", "b-c"]),
        ("r1i[0-1]n[0-1]", ["r1i0n0", "r1i0n1", "r1i1n0", "r1i1n1"]),
    ],
)
def test_slurm_s_short_form_of_nodes(short, names):
    assert expand_node_list(short) == names


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="TF_CONFIG is 'x'"):
        find_cluster({"TF_CONFIG": "x"})
    with pytest.raises(ValueError, match="worker 5 of 2"):
        find_cluster({"IMGCLS_WORKERS": "a,b", "JOB_COMPLETION_INDEX": "5"})
    config = json.dumps({"cluster": {"worker": WORKERS}, "task": {"type": "worker", "index": 2}})
    with pytest.raises(ValueError, match="worker 2 of 2; expected a number from 0 to below 2"):
        find_cluster({"TF_CONFIG": config})


@pytest.mark.parametrize(
    ("cluster", "task", "said"),
    [
        ({"worker": WORKERS}, {"type": "evaluator", "index": 0}, "a task of type 'evaluator'; imgcls trains on"),
        ({"worker": WORKERS}, {"type": "ps", "index": 0}, "a task of type 'ps'"),
        ({"worker": WORKERS}, {"type": "worker", "index": "one"}, "index is 'one'; expected a whole number"),
        ({"worker": "a:1,b:1"}, {"type": "worker", "index": 0}, "chief and worker are lists"),
        ({"worker": [1, 2]}, {"type": "worker", "index": 0}, "chief and worker are lists"),
        (WORKERS, {"type": "worker", "index": 0}, "which names no worker"),
    ],
)
def test_a_task_that_does_not_train_or_is_no_list_is_refused(cluster, task, said):
    with pytest.raises(ValueError, match=said):
        find_cluster({"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})})


@pytest.mark.parametrize("address", ["b:x", "b:99999", "b:0", "b:", ":1", "b:-1", "[::1]"])
def test_an_address_whose_port_can_be_none_is_refused(address):
    with pytest.raises(ValueError, match=r"has no port from 1 to 65535 .* such as machine1:2222") as refused:
        find_cluster({"IMGCLS_WORKERS": f"a:1,{address}", "JOB_COMPLETION_INDEX": "0"})
    assert repr(address) in str(refused.value)
    assert find_cluster({"IMGCLS_WORKERS": "[::1]:65535,b", "JOB_COMPLETION_INDEX": "0"}).addresses[0] == "[::1]:65535"


def test_names_of_workers_are_each_another_one_and_an_empty_one_is_none():
    assert find_cluster({"IMGCLS_WORKERS": "a, b,", "JOB_COMPLETION_INDEX": "1"}).addresses == ("a:2222", "b:2222")
    with pytest.raises(ValueError, match="a:2222 is named twice"):
        find_cluster({"IMGCLS_WORKERS": "a,a:2222", "JOB_COMPLETION_INDEX": "1"})
    with pytest.raises(ValueError, match="JOB_COMPLETION_INDEX is 'x'; expected a whole number"):
        find_cluster({"IMGCLS_WORKERS": "a,b", "JOB_COMPLETION_INDEX": "x"})


def test_the_file_for_slurm_begins_a_run_once_and_goes_on_with_it_then(tmp_path):
    (tmp_path / "srun").write_text('#!/bin/sh\necho "$IMGCLS_WORKERS_WITHIN: $@"\n')
    (tmp_path / "srun").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def started() -> str:
        line = ["bash", DEPLOY / "train-on-slurm.sh"]
        return subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    begun = "600: python -m imgcls.train --data photos --name photos --strategy multi_worker --checkpoint-minutes 2\n"
    assert started() == begun
    (tmp_path / "runs" / "photos").mkdir(parents=True)
    assert started() == begun
    (tmp_path / "runs" / "photos" / "manifest.parquet").touch()
    assert started() == "600: python -m imgcls.train --resume runs/photos\n"


def test_the_manifest_for_jobset_makes_a_cluster_of_all_its_workers():
    jobs = yaml.safe_load((DEPLOY / "train-on-jobset.yaml").read_text())
    (workers,) = jobs["spec"]["replicatedJobs"]
    job = workers["template"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    variables = {each["name"]: each["value"] for each in container["env"]}
    stem = f"{jobs['metadata']['name']}-{workers['name']}-0"  # of the first and only Job's pods
    expected = [f"{stem}-{index}.{jobs['spec']['network']['subdomain']}:2222" for index in range(job["completions"])]
    for index in range(job["completions"]):
        cluster = find_cluster({**variables, "JOB_COMPLETION_INDEX": str(index)})
        assert (cluster.index, list(cluster.addresses)) == (index, expected)
    assert (workers["replicas"], job["parallelism"]) == (1, job["completions"])


def test_the_manifest_for_kubernetes_makes_a_cluster_of_all_its_workers():
    text = (DEPLOY / "train-on-kubernetes.yaml").read_text()
    service, job = yaml.safe_load_all(text)
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {each["name"]: each["value"] for each in container["env"]}
    for index in range(job["spec"]["completions"]):
        cluster = find_cluster({**variables, "JOB_COMPLETION_INDEX": str(index)})
        host, port = cluster.addresses[index].split(":")
        assert host == f"{job['metadata']['name']}-{index}.{pod['subdomain']}"  # the name of an Indexed Job's pod
        assert int(port) == container["ports"][0]["containerPort"]
    assert len(cluster.addresses) == job["spec"]["completions"] == job["spec"]["parallelism"]
    assert job["spec"]["completionMode"] == "Indexed"
    assert service["metadata"]["name"] == pod["subdomain"]
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}

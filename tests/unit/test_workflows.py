"""The workflows are valid by GitHub's schema, pin every action, and ask for no more rights than they need."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

WORKFLOWS = Path(__file__).resolve().parents[2] / ".github" / "workflows"
# The rights that a job may have beyond reading the repository, and why no other job needs them.
EXTRA_RIGHTS = {
    ("pages", "deploy"): {"pages": "write", "id-token": "write"},
    ("colab", "report"): {"issues": "write"},
}


def load(text):
    return yaml.safe_load(text)


def jobs(workflow):
    return workflow["jobs"].items()


def schema_errors(path):
    """What GitHub's schema, as check-jsonschema carries it, finds wrong; empty when nothing."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def unpinned(text):
    """The `uses:` lines that do not name a full commit and, in a comment, its version."""
    uses = re.findall(r"^\s*(?:- )?uses:\s*(.+)$", text, flags=re.MULTILINE)
    return [line for line in uses if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)]


def excess_rights(text, name):
    """Rights beyond reading, other than those listed above."""
    workflow = load(text)
    problems = []
    if workflow.get("permissions") != {"contents": "read"}:
        problems.append(f"top level: {workflow.get('permissions')}")
    for job, body in jobs(workflow):
        if "permissions" in body and body["permissions"] != EXTRA_RIGHTS.get((name, job)):
            problems.append(f"{job}: {body['permissions']}")
    return problems


def unbounded(text):
    """What could run for hours or beside itself."""
    workflow = load(text)
    problems = [job for job, body in jobs(workflow) if "timeout-minutes" not in body]
    return problems + ["concurrency"] * ("concurrency" not in workflow)


def injectable(text):
    """Shell scripts that paste an expression: a stranger's title or branch name could become a command."""
    steps = [step for _, body in jobs(load(text)) for step in body["steps"]]
    return [step["run"] for step in steps if "${{" in step.get("run", "")]


@pytest.fixture(params=["ci", "gpu", "pages", "colab"])
def path(request):
    return WORKFLOWS / f"{request.param}.yml"


def test_no_other_workflow():
    assert {file.name for file in WORKFLOWS.iterdir()} == {"ci.yml", "gpu.yml", "pages.yml", "colab.yml"}


def test_workflow(path):
    text = path.read_text(encoding="utf-8")
    assert schema_errors(path) == ""
    assert unpinned(text) == []
    assert excess_rights(text, path.stem) == []
    assert unbounded(text) == []
    assert injectable(text) == []


def test_one_version_of_each_action():
    uses = re.findall(r"uses: (\S+)@(\S+)", "".join(file.read_text() for file in WORKFLOWS.glob("*.yml")))
    assert len({action for action, _ in uses}) == len(set(uses))


def test_gpu_job_needs_its_variable():
    job = load((WORKFLOWS / "gpu.yml").read_text())["jobs"]["notebooks"]
    assert job["if"] == "vars.GPU_RUNNER != ''"
    assert job["runs-on"] == "${{ vars.GPU_RUNNER }}"


def test_schema_fault(tmp_path):
    text = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
    broken = tmp_path / "ci.yml"
    broken.write_text(text.replace("    runs-on: ubuntu-24.04\n", "", 1))
    assert schema_errors(broken) != ""


def replaced(name, old, new):
    text = (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("version", ["v5", "main", "08c6903", "08c6903cd8c0fde910a37f88322edcfb5dd907a8"], ids=len)
def test_unpinned_fault(version):
    """A tag, a branch, a short commit, and a commit whose version nobody can read."""
    pinned = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
    assert unpinned(replaced("ci", pinned, f"actions/checkout@{version}")) == [f"actions/checkout@{version}"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("ci", "permissions:\n  contents: read\n", ""),
        ("ci", "permissions:\n  contents: read\n", "permissions: write-all\n"),
        ("ci", "  contents: read\n", "  contents: write\n"),
        ("pages", "  build:\n", "  build:\n    permissions: write-all\n"),
        ("pages", "      pages: write\n", "      pages: write\n      contents: write\n"),
        ("colab", "      issues: write\n", "      issues: write\n      actions: write\n"),
    ],
)
def test_rights_fault(name, old, new):
    assert len(excess_rights(replaced(name, old, new), name)) == 1


def test_bounds_fault():
    assert unbounded(replaced("ci", "    timeout-minutes: 60\n", "")) == ["test"]
    text = replaced("ci", "concurrency:\n  group: ci-${{ github.ref }}\n  cancel-in-progress: true\n", "")
    assert unbounded(text) == ["concurrency"]


def test_injection_fault():
    script = "echo ${{ github.event.pull_request.title }}"
    assert injectable(replaced("ci", "run: .ci/run", f"run: {script}")) == [script]

"""A redeploy keeps the environment unless it is told otherwise, and says so."""

import json

import pytest

from test_deploy_store import remote, succeeds, write  # noqa: F401

SHOW = """export const handler = () => {
  const { NODE_ENV, ...env } = process.env
  return JSON.stringify(env)
}
"""
KEPT = (
    "isere: keeps A, B of the version before; --env replaces all, --no-env "
    "drops them\n"
)


def env_of(server):
    return json.loads(server.request("GET", "/x").body)


@pytest.fixture
def x(remote, tmp_path):  # noqa: F811
    """Deploys the function x with these options; what the command said."""
    write(tmp_path, {"x.js": SHOW})

    def deploy(*options):
        result = remote("deploy", "x.js", *options)
        succeeds(result)
        return result.stderr

    deploy.server = remote.server
    return deploy


def test_it_is_kept(x):
    assert x("--env", "A=one", "--env", "B=two words") == ""
    assert x() == KEPT
    assert env_of(x.server) == {"A": "one", "B": "two words"}
    assert x("--memory", "1M") == KEPT
    _, _, body = x.server.api("GET", "/_isere/v1/functions/x/files")
    assert json.loads(body)["env"] == {"A": "one", "B": "two words"}


def test_it_is_replaced_as_a_whole(x):
    x("--env", "A=one", "--env", "B=two")
    assert x("--env", "B=three") == ""
    assert env_of(x.server) == {"B": "three"}


def test_it_is_dropped(x):
    x("--env", "A=one", "--env", "B=two")
    assert x("--no-env") == ""
    assert env_of(x.server) == {}
    assert x() == ""
    assert env_of(x.server) == {}


def test_it_outlives_a_restart_and_a_rollback(x, remote, stored):  # noqa: F811
    x("--env", "A=one", "--env", "B=two")
    x()
    x("--no-env")
    succeeds(remote("rollback", "x"))
    assert env_of(x.server) == {"A": "one", "B": "two"}
    assert x() == KEPT
    x.server.stop()
    assert env_of(stored(store=x.server.store)) == {"A": "one", "B": "two"}


def test_the_answer_names_it(x):
    x.server.deploy("x", {"main": "x.js", "files": {"x.js": SHOW}, "env": {"A": "1"}})
    assert x.server.deploy("x", SHOW)["keptEnv"] == ["A"]
    assert env_of(x.server) == {"A": "1"}
    package = {"main": "x.js", "files": {"x.js": SHOW}}
    assert x.server.deploy("x", package)["keptEnv"] == ["A"]
    assert "keptEnv" not in x.server.deploy("x", {**package, "env": {}})
    assert env_of(x.server) == {}


def test_what_is_not_valid_changes_nothing(x, remote, tmp_path):  # noqa: F811
    x("--env", "A=one", "--env", "B=two")
    write(tmp_path, {"x.js": "throw new Error(process.env.A)"})
    result = remote("deploy", "x.js")
    assert result.returncode == 1 and "Error: one" in result.stderr
    assert env_of(x.server) == {"A": "one", "B": "two"}

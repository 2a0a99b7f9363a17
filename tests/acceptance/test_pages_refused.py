"""Pages that would be open to others are not offered, and no secret is told by what starts or refuses them."""

import subprocess
import sys
from pathlib import Path

import pytest

from browsing import variables


def serve(state: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run `serve` where it must end by itself."""
    state.mkdir(exist_ok=True)
    command = [sys.executable, "-P", "-m", "reelwright", "serve", *words]
    return subprocess.run(command, env=variables(state, more), capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - that is what is refused
def test_at_a_wider_address_nothing_is_served_until_somebody_has_a_password(tmp_path: Path, host: str) -> None:
    refused = serve(tmp_path, "--host", host)
    assert refused.returncode == 2
    assert "The pages would be open to other machines" in refused.stderr
    assert "reelwright user add NAME" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_password_of_a_database_is_in_no_word_of_a_start_that_fails(tmp_path: Path) -> None:
    url = "postgresql://anna:hunter2-secret@127.0.0.1:1/films"
    for words in ((), ("--json",)):
        refused = serve(tmp_path, *words, REELWRIGHT_DATABASE__URL=url)
        assert refused.returncode not in {0, 1}
        assert "hunter2" not in refused.stdout + refused.stderr
        assert "127.0.0.1" in refused.stdout + refused.stderr
        for log in tmp_path.rglob("*.log"):
            assert "hunter2" not in log.read_text()

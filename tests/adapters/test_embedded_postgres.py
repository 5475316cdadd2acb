"""The embedded server lives exactly as long as its owner, whoever is killed, and keeps what was committed.

Owners are real processes started here; every signal goes to one process by its number.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path

import asyncpg
import pytest

from adapters.postgres import embedded, supervisor
from adapters.postgres.embedded import (
    Address,
    AlreadyRunning,
    EmbeddedPostgres,
    EmbeddedUnavailable,
    StartFailed,
    VersionMismatch,
    binaries,
)

pytestmark = pytest.mark.goal("K7")

ROOT = Path(__file__).parents[2]
IS_ROOT = os.getuid() == 0
NOBODY = 65534
OWNER = """
import asyncio, asyncpg, os, sys, time
from pathlib import Path
from adapters.postgres.embedded import EmbeddedPostgres
address = EmbeddedPostgres(Path(sys.argv[1])).start()

async def write():
    connection = await asyncpg.connect(**address.connect_arguments())
    await connection.execute("INSERT INTO kept VALUES (1)")
    await connection.close()

async def begin():
    connection = await asyncpg.connect(**address.connect_arguments())
    await connection.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept (id int)")
    await connection.close()
    await write()

asyncio.run(begin())
"""
DEAF_AT_FIRST = """
import os, signal, time
from adapters.postgres.supervisor import Supervisor
supervisor = Supervisor.__new__(Supervisor)
supervisor.wake, _ = os.pipe2(os.O_NONBLOCK)
supervisor.server = os.fork()
if supervisor.server == 0:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(1.5)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    time.sleep(90)
time.sleep(0.3)
began = time.monotonic()
supervisor._shut_down(patient=True)
print(time.monotonic() - began)
"""
STAYS = OWNER + "print('up', flush=True); time.sleep(60)"
FORKS = OWNER + "\nif os.fork() == 0:\n    time.sleep(20); os._exit(0)\n" + STAYS.removeprefix(OWNER)
FINISHES_AFTER_CTRL_C = OWNER + (
    "try:\n    print('up', flush=True); time.sleep(60)\n"
    "except KeyboardInterrupt:\n    time.sleep(0.5); asyncio.run(write()); print('written')\n"
)


@pytest.fixture
def fresh() -> Iterator[Path]:
    """A folder that does not exist yet, where everybody may pass, unlike pytest's own when root runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="hg-"))
    made.chmod(0o755)
    yield made / "data"
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that has been used before; shared by the tests that are not about the first start and break nothing."""
    made = Path(tempfile.mkdtemp(prefix="hg-"))
    made.chmod(0o755)
    with EmbeddedPostgres(made / "data"):
        pass
    yield made / "data"
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def owner(folder: Path) -> Iterator["Owner"]:
    with Owner(folder) as owner:
        yield owner


class Owner:
    """Another process that owns the folder and has committed one row."""

    def __init__(self, folder: Path, program: str = STAYS, *, prefix: Sequence[str] = ()) -> None:
        self.folder = folder
        command = [*prefix, sys.executable, "-c", program, str(folder)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True, text=True
        )

    def __enter__(self) -> "Owner":
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "up\n"
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        wait_until(lambda: not servers(self.folder), 12)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def wait_until(condition: Callable[[], object], seconds: float) -> float:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - started


def processes() -> dict[int, list[str]]:
    listed = subprocess.run(
        ["ps", "-axww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split(maxsplit=1) for line in listed.splitlines()]
    return {int(pid): arguments.split() for pid, arguments in (line for line in lines if len(line) == 2)}


def servers(folder: Path) -> list[int]:
    data = str(Path(os.path.realpath(folder)) / "postgres")
    return [pid for pid, words in processes().items() if words[0].endswith("/postgres") and data in words]


def supervisors(folder: Path) -> list[int]:
    name = supervisor.__file__
    found = {pid: words for pid, words in processes().items() if name in words}
    return [pid for pid, words in found.items() if str(folder) in " ".join(words)]


def backends(server: int) -> list[int]:
    listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, parent in pairs if int(parent) == server]


def query(address: Address, sql: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(**address.connect_arguments(), timeout=5)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return run(ask())


def run(coroutine: Coroutine[None, None, object]) -> object:
    """Like asyncio.run, but leaves the loop of the other tests in its place."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def rows(address: Address) -> object:
    return query(address, "SELECT count(*) FROM kept")


# --- starting and stopping


def test_starting_and_stopping_again_changes_nothing(fresh: Path) -> None:
    server = EmbeddedPostgres(fresh)
    for _ in range(2):
        address = server.start()
        assert query(address, "SELECT 1") == 1
        assert server.start() == address
        server.stop()
        assert not servers(fresh)
        server.stop()


def test_it_is_durable_private_and_small(fresh: Path) -> None:
    with EmbeddedPostgres(fresh) as address:
        shown = {
            name: query(address, f"SHOW {name}")
            for name in (
                "fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses", "jit",
                "server_encoding", "timezone", "idle_in_transaction_session_timeout", "shared_buffers",
            )
        }  # fmt: skip
        assert shown == {
            "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
            "listen_addresses": "", "jit": "off", "server_encoding": "UTF8", "timezone": "UTC",
            "idle_in_transaction_session_timeout": "15s", "shared_buffers": "64MB",
        }  # fmt: skip
        assert query(address, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        assert (
            query(address, "SELECT datlocale FROM pg_database WHERE datname = current_database()")
            == "C.UTF-8"
        )
        assert stat.S_IMODE(Path(address.host).stat().st_mode) == 0o700
        assert stat.S_IMODE((fresh / "postgres").stat().st_mode) == 0o700


def test_tests_may_trade_durability_for_speed(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False, shared_buffers_mb=16) as address:
        assert query(address, "SHOW fsync") == query(address, "SHOW synchronous_commit") == "off"
        assert query(address, "SHOW shared_buffers") == "16MB"


def test_the_url_works_for_the_tools_in_the_wheel(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False) as address:
        query(address, "CREATE TABLE IF NOT EXISTS kept (id int)")
        dump = subprocess.run(
            [binaries() / "pg_dump", address.url()], capture_output=True, text=True, check=True
        )
        assert "CREATE TABLE public.kept" in dump.stdout
        psql = [binaries() / "psql", address.url(), "-Atc", "SELECT 42"]
        assert subprocess.run(psql, capture_output=True, text=True, check=True).stdout == "42\n"


def test_a_name_too_long_for_a_socket_is_fine(fresh: Path) -> None:
    deep = fresh / ("long name, with a comma " * 5) / ('and "quotes" ' * 5)
    with EmbeddedPostgres(deep, durable=False) as address:
        assert len(address.host) < 100
        assert stat.S_IMODE(Path(address.host).stat().st_mode) == 0o700
        assert query(address, "SELECT 1") == 1
        assert EmbeddedPostgres.join(deep) == address
        assert query(Address(address.host, address.port, "postgres", "postgres"), "SELECT 1") == 1
    shutil.rmtree(address.host)


def test_somebody_elses_directory_is_not_used_for_sockets(folder: Path, tmp_path: Path) -> None:
    deep = folder / ("x" * 120)
    name = EmbeddedPostgres(deep)._socket_folder(None).name
    trap = Path(tempfile.gettempdir()) / name
    trap.rmdir()
    trap.symlink_to(tmp_path)
    try:
        with pytest.raises(StartFailed, match="Remove it"):
            EmbeddedPostgres(deep, durable=False).start()
    finally:
        trap.unlink()


# --- whom it runs as


@pytest.mark.skipif(not IS_ROOT, reason="only root has to change its user")
@pytest.mark.parametrize("mode", [0o700, 0o711])
def test_root_works_wherever_the_folder_is_and_opens_no_directory(fresh: Path, mode: int) -> None:
    fresh.parent.chmod(mode)
    with EmbeddedPostgres(fresh, durable=False) as address:
        assert query(address, "SELECT 1") == 1
        [server] = servers(fresh)
        status = dict(
            line.split(":\t")
            for line in Path(f"/proc/{server}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert status["Uid"].split() == [str(NOBODY)] * 4
        needed = 1 << supervisor.CAP_DAC_READ_SEARCH if mode == 0o700 else 0
        assert int(status["CapEff"], 16) in {needed, 1 << supervisor.CAP_DAC_OVERRIDE if mode == 0o700 else 0}
    assert stat.S_IMODE(fresh.parent.stat().st_mode) == mode
    # The next start finds the data where it is, and does not need the privilege any more.
    fresh.parent.chmod(0o711)
    with EmbeddedPostgres(fresh, durable=False) as address:
        assert query(address, "SELECT 1") == 1


@pytest.mark.skipif(not IS_ROOT, reason="only root can take its privileges away")
def test_root_without_the_privileges_says_which_directory_to_open(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.parent.chmod(0o700)
    bounding = shutil.which("setpriv")
    if bounding is None:
        pytest.skip("needs setpriv to start an owner with fewer privileges")
    program = "import sys; from pathlib import Path; from adapters.postgres.embedded import *\n"
    program += "EmbeddedPostgres(Path(sys.argv[1])).start()"
    reduced = [bounding, "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]
    command = [*reduced, sys.executable, "-c", program, str(fresh)]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode != 0
    assert f"chmod o+x {fresh.parent}" in outcome.stderr


@pytest.mark.skipif(not IS_ROOT, reason="only root can act as two users")
@pytest.mark.parametrize(("uid", "users"), [(1, (1, 0, 1)), (12345, (0, 12345))], ids=["named", "nameless"])
def test_root_and_the_folders_user_may_take_turns(fresh: Path, uid: int, users: tuple[int, ...]) -> None:
    fresh.mkdir()
    os.chown(fresh, uid, uid)
    for user in users:
        with Owner(fresh, prefix=as_user(user) if user else ()) as owner:
            assert {Path(f"/proc/{server}").stat().st_uid for server in servers(fresh)} == {uid}
            owner.kill()
        wait_until(lambda: not supervisors(fresh), 10)
    with EmbeddedPostgres(fresh) as address:
        assert rows(address) == 1


@pytest.mark.skipif(not IS_ROOT, reason="only root can act as another user")
def test_a_user_without_a_name_is_told_so(fresh: Path) -> None:
    fresh.mkdir()
    os.chown(fresh, 12345, 12345)
    command = [*as_user(12345), sys.executable, "-c", STAYS, str(fresh)]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "user 12345, who has no name" in outcome.stderr


def as_user(uid: int) -> list[str]:
    """A command prefix. The privilege only lets the other user read this Python, wherever it is installed."""
    setpriv = shutil.which("setpriv") or pytest.skip("needs setpriv")
    readable = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    return [setpriv, "--reuid", str(uid), "--regid", str(uid), "--clear-groups", *readable]


@pytest.mark.skipif(not IS_ROOT, reason="only root can copy into files of root")
def test_a_copy_made_by_root_is_given_to_the_servers_user(folder: Path, fresh: Path) -> None:
    with EmbeddedPostgres(folder) as address:
        query(address, "CREATE TABLE IF NOT EXISTS kept (id int)")
    shutil.copytree(folder / "postgres", fresh / "postgres")
    with EmbeddedPostgres(fresh) as address:
        assert query(address, "SELECT 1") == 1


# --- one owner


def test_a_second_instance_is_told_who_has_the_folder(owner: Owner) -> None:
    with pytest.raises(AlreadyRunning) as caught:
        EmbeddedPostgres(owner.folder).start()
    assert str(owner.folder) in str(caught.value)
    assert str(owner.process.pid) in str(caught.value)


def test_a_command_can_join_a_running_server(fresh: Path) -> None:
    assert EmbeddedPostgres.join(fresh) is None
    with Owner(fresh):
        joined = EmbeddedPostgres.join(fresh)
        assert joined is not None
        assert rows(joined) == 1
    assert EmbeddedPostgres.join(fresh) is None


# --- deaths


def test_killed_owner_takes_the_server_along_and_the_next_start_has_every_row(owner: Owner) -> None:
    [server] = servers(owner.folder)
    owner.kill()
    # At once, without waiting for the old server to go.
    with EmbeddedPostgres(owner.folder) as address:
        assert rows(address) == 1
        assert server not in servers(owner.folder)


def test_killed_owner_leaves_no_process_behind(owner: Owner) -> None:
    owner.kill()
    wait_until(lambda: not servers(owner.folder) and not supervisors(owner.folder), 10)


def test_a_forked_child_of_the_owner_does_not_keep_server_or_lock(folder: Path) -> None:
    with Owner(folder, FORKS) as owner:
        owner.kill()
        wait_until(lambda: not servers(folder) and not supervisors(folder), 10)
        with EmbeddedPostgres(folder) as address:
            assert rows(address) == 1


@pytest.mark.goal("K3")
def test_killed_server_comes_back(owner: Owner) -> None:
    for _ in range(2):
        kill_server_and_wait(owner, 10)
    address = EmbeddedPostgres.join(owner.folder)
    assert address is not None
    assert rows(address) == 1


def test_killed_server_comes_back_although_a_busy_backend_holds_its_memory(owner: Owner) -> None:
    address = EmbeddedPostgres.join(owner.folder)
    assert address is not None
    busy = subprocess.Popen(
        [binaries() / "psql", address.url(), "-c", "SELECT count(*) FROM generate_series(1, 30000000)"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(0.5)
    kill_server_and_wait(owner, 20)
    assert rows(address) == 1
    busy.kill()
    busy.wait()


def kill_server_and_wait(owner: Owner, seconds: float) -> None:
    [server] = servers(owner.folder)
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: server not in servers(owner.folder) and EmbeddedPostgres.join(owner.folder), seconds)


def test_owner_and_server_killed_together(owner: Owner) -> None:
    os.kill(servers(owner.folder)[0], signal.SIGKILL)
    owner.kill()
    with EmbeddedPostgres(owner.folder) as address:
        assert rows(address) == 1


def test_killed_supervisor_is_replaced(owner: Owner) -> None:
    [old] = supervisors(owner.folder)
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: [pid for pid in supervisors(owner.folder) if pid != old] and servers(owner.folder), 10)
    wait_until(lambda: EmbeddedPostgres.join(owner.folder), 10)
    owner.kill()
    wait_until(lambda: not servers(owner.folder), 10)
    with EmbeddedPostgres(owner.folder) as address:
        assert rows(address) == 1


def test_owner_and_supervisor_killed_together(owner: Owner) -> None:
    [guard] = supervisors(owner.folder)
    os.kill(owner.process.pid, signal.SIGSTOP)  # so that it cannot start another one
    os.kill(guard, signal.SIGKILL)
    owner.kill()
    with EmbeddedPostgres(owner.folder) as address:
        assert rows(address) == 1
        assert len(servers(owner.folder)) == 1


def test_ctrl_c_reaches_the_owner_only(folder: Path) -> None:
    with Owner(folder, FINISHES_AFTER_CTRL_C) as owner:
        os.killpg(owner.process.pid, signal.SIGINT)
        assert owner.process.communicate(timeout=10)[0] == "written\n"
    wait_until(lambda: not servers(folder), 10)
    with EmbeddedPostgres(folder) as address:
        assert rows(address) == 2


# --- what a crash leaves


def test_half_finished_first_start_is_done_again(fresh: Path) -> None:
    for delay in (0.12, 0.25, 0.4):
        process = subprocess.Popen(
            [sys.executable, "-c", STAYS, str(fresh)], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        wait_until(lambda: (fresh / "postgres.new").exists() or (fresh / "postgres").exists(), 10)
        time.sleep(delay - 0.1)
        process.kill()
        process.wait()
        if (fresh / "postgres").exists():
            break
    left = fresh / "postgres.new"
    left.mkdir(exist_ok=True)
    (left / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(fresh) as address:
        assert query(address, "SELECT 1") == 1
    assert not left.exists()


def test_a_pid_file_whose_number_now_belongs_to_somebody_else_is_no_obstacle(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False):
        lines = (folder / "postgres/postmaster.pid").read_text().splitlines()
    lines[0] = str(os.getpid())
    (folder / "postgres/postmaster.pid").write_text("\n".join(lines) + "\n")
    assert EmbeddedPostgres.join(folder) is None
    with EmbeddedPostgres(folder, durable=False) as address:
        assert query(address, "SELECT 1") == 1


def test_a_copy_taken_at_a_power_cut_has_every_committed_row(owner: Owner, fresh: Path) -> None:
    [server] = servers(owner.folder)
    everything = [server, *backends(server)]
    for pid in everything:
        os.kill(pid, signal.SIGSTOP)
    shutil.copytree(owner.folder / "postgres", fresh / "postgres")
    for pid in everything:
        os.kill(pid, signal.SIGCONT)
    with EmbeddedPostgres(fresh) as address:
        assert rows(address) == 1
        # The pid file in the copy names the other server, which must not notice.
        assert servers(owner.folder) == [server]


# --- refusals


def test_data_of_another_version_is_refused(fresh: Path) -> None:
    (fresh / "postgres").mkdir(parents=True)
    (fresh / "postgres/PG_VERSION").write_text("16\n")
    with pytest.raises(VersionMismatch, match="PostgreSQL 16"):
        EmbeddedPostgres(fresh).start()
    (fresh / "postgres/PG_VERSION").unlink()
    (fresh / "postgres/something").touch()
    with pytest.raises(StartFailed, match="not empty"):
        EmbeddedPostgres(fresh).start()
    (fresh / "postgres/something").unlink()
    with EmbeddedPostgres(fresh, durable=False) as address:
        assert query(address, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why_in_its_own_words(fresh: Path) -> None:
    with EmbeddedPostgres(fresh, durable=False):
        pass
    (fresh / "postgres/global/pg_control").unlink()
    with pytest.raises(StartFailed, match="pg_control"):
        EmbeddedPostgres(fresh, durable=False).start()


def test_a_server_that_is_told_to_stop_before_it_listens_is_told_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEAF_AT_FIRST], capture_output=True, text=True, timeout=100, check=True
    )
    assert float(done.stdout) < 20


def test_without_binaries_the_message_names_the_setting(monkeypatch: pytest.MonkeyPatch, fresh: Path) -> None:
    monkeypatch.setattr(embedded, "WHEEL", "no_such_wheel")
    with pytest.raises(EmbeddedUnavailable, match="HELIOGRAPH_DATABASE_URL"):
        EmbeddedPostgres(fresh).start()


def test_a_large_log_is_put_aside(fresh: Path) -> None:
    fresh.mkdir()
    with (fresh / "postgres.log").open("wb") as log:
        log.truncate(embedded.MAX_LOG_BYTES + 1)
    with EmbeddedPostgres(fresh, durable=False):
        assert (fresh / "postgres.log").stat().st_size < 10_000
    assert (fresh / "postgres.log.1").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_idle_memory_is_small(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        [server] = servers(folder)
        family = [server, *backends(server), *supervisors(folder)]
        kib = sum(proportional_kib(pid) for pid in family)
    assert kib < 300 * 1024
    print(f"{len(family)} processes, {kib // 1024} MiB")


def proportional_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError(pid)

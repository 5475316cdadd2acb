"""The server as a process: in the local network, on a full disk, while it stops, and what it says about it."""

import http.client
import re
import resource
import signal
import socket
import time

import pytest

from tests.conftest import a_jpeg
from tests.entrypoints.command import PASSWORD, Place, ask


@pytest.mark.usefixtures("ready")
def test_a_server_for_the_local_network_is_reached_by_its_other_addresses(place: Place) -> None:
    with place.serving("--host", "0.0.0.0") as (address, _):
        place.result("user", "add", "mira", "--password-file", "-", text=PASSWORD)
        host, port = address.removeprefix("http://").split(":")
        assert host != "0.0.0.0", "what it prints can be typed elsewhere"
        for other in {host, "127.0.0.2"}:
            browser = http.client.HTTPConnection(other, int(port))
            here = f"http://{other}:{port}"
            browser.request("GET", "/login")
            answer = browser.getresponse()
            page = answer.read().decode()
            assert answer.status == 200
            # Every link leads to where the page came from, whatever that is called.
            assert not re.findall(r'(?:href|src|action)="(?!/|#|data:|mailto:)[^"]*', page)
            token = re.search(r'name="csrf" value="([^"]+)"', page)
            assert token is not None
            head = {
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": (answer.getheader("Set-Cookie") or "").partition(";")[0],
            }
            form = f"csrf={token[1]}&login=mira&username=mira&password={PASSWORD.replace(' ', '+')}"
            for origin, status in (("https://evil.example", 403), (here, 303)):
                browser.request("POST", "/login", form, {**head, "Origin": origin})
                answer = browser.getresponse()
                answer.read()
                assert answer.status == status, (other, origin)
            browser.close()
        assert ask(address, "GET", "/openapi.json")[1]["servers"] == [{"url": address}]
        _look_at_log(place, address)


def _look_at_log(place: Place, address: str) -> None:
    """A request is one line with each fact once; the files of a page are not worth a line."""
    host, port = address.removeprefix("http://").split(":")
    browser = http.client.HTTPConnection(host, int(port))
    for path in ("/static/v-0/img/mark.svg", "/static/v-0/none.css", "/about-nothing"):
        browser.request("GET", path)
        answer = browser.getresponse()
        answer.read()
        assert (answer.status == 200) == (path == "/static/v-0/img/mark.svg")
    lines = [line for line in place.said.splitlines() if " GET /" in line]
    assert any("/static/v-0/none.css" in line for line in lines)
    assert not [line for line in lines if "status=200" in line and "/static/" in line]
    found = next(line for line in lines if "/about-nothing" in line)
    facts = r".* GET /about-nothing +\S*ms=[\d.]+ request_id=\w+ status=404"
    assert re.fullmatch(facts, found), found


@pytest.mark.goal("O8")
@pytest.mark.usefixtures("ready")
def test_a_disk_that_is_full_while_a_picture_comes_in_is_told_and_leaves_nothing(place: Place) -> None:
    if not hasattr(resource, "prlimit"):
        pytest.skip("this system cannot limit the files of a process that runs")
    with place.serving(HELIOGRAPH_RELAX_LOOPBACK="true") as (address, process):
        place.result("user", "add", "mira", "--password-file", "-", text=PASSWORD)
        token = place.result("token", "create", "mira")["token"]
        most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        # The database is another process, so that only what the server writes meets the limit.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, most[1]))
        raw, part = ("image/jpeg", b"x" * 1_000_000), _multipart(b"x" * 1_000_000)
        for kind, content in (raw, part):
            status, said = _upload(address, token, kind, content)
            assert (status, b"insufficient_storage" in said) == (507, True)
            assert list((place.folder / "data" / "work").iterdir()) == []
        assert place.result("status")["files"] == 0
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, most)
        assert _upload(address, token, "image/jpeg", a_jpeg())[0] == 201
        assert place.run("media", "check").returncode == 0


def _multipart(content: bytes) -> tuple[str, bytes]:
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return "multipart/form-data; boundary=edge", head + content + b"\r\n--edge--\r\n"


def _upload(address: str, token: str, kind: str, content: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    head = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    connection.request("POST", "/api/v1/uploads", content, head)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    return answer.status, said


@pytest.mark.goal("O9")
def test_a_server_that_stops_is_not_ready_and_finishes_what_it_was_asked(place: Place) -> None:
    with place.serving() as (address, process):
        place.result("user", "add", "mira", "--password-file", "-", text=PASSWORD)
        body = b'{"username": "mira", "password": "%s"}' % PASSWORD.encode()
        write = (
            b"POST /api/v1/tokens HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        requests = [write, b"GET /readyz HTTP/1.1\r\nHost: here\r\n\r\n"]
        here = ("127.0.0.1", int(address.rpartition(":")[2]))
        lines = [socket.create_connection(here, timeout=10) for _ in requests]
        for line, request in zip(lines, requests, strict=True):
            line.sendall(request[:-10])
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        until = time.monotonic() + 10
        while "Stopping" not in place.said and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.1)
        answers = []
        for line, request in zip(lines, requests, strict=True):
            with line, line.makefile("rb") as reading:
                line.sendall(request[-10:])
                answers.append(reading.read())
        assert [answer.split()[1] for answer in answers] == [b"201", b"503"]
        assert answers[1].endswith(b"stopping\n")
        began = time.monotonic()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 8, "it waits no longer than for its last request"

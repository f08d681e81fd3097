"""Links are asked over the network: a real server on loopback gives every answer that the world gives."""

import socket
import socketserver
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest

from mailer.content import StoredFiles, read_files
from mailer.link_check import AT_ONCE, AT_ONCE_A_SITE, LinkCheck, is_public
from tests.support.certificates import Certificate
from tests.support.mailer_process import run_mailer

FRONT = "---\ntitle: T\nsubject: S\npreheader: P\n---\n"


class World(ThreadingHTTPServer):
    """What the paths of one site answer; it remembers what it was asked, and how many asked at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.released = threading.Event()
        self.meeting = threading.Barrier(1)
        self.lock = threading.Lock()
        self.now_asking = self.most_at_once = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def server_close(self) -> None:
        self.released.set()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: World

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        del format, args

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        world, path = self.server, self.path
        with world.lock:
            world.asked.append((self.command, path))
        self._answer_to(path)

    def _count(self, step: int) -> None:
        world = self.server
        with world.lock:
            world.now_asking += step
            world.most_at_once = max(world.most_at_once, world.now_asking)

    def _answer_to(self, path: str) -> None:  # noqa: C901, PLR0912  # one case a kind of answer
        match path.split("/")[1:]:
            case ["status", status]:
                self._say(int(status))
            case ["only-get", status]:
                self._say(int(status) if self.command == "HEAD" else 200)
            case ["stall-head"] if self.command == "HEAD":
                self.server.released.wait(20)
            case ["stall"]:
                self.server.released.wait(20)
            case ["meet"]:
                with suppress(threading.BrokenBarrierError):
                    self.server.meeting.wait(20)
                    self._say(200)
            case ["slow", *_]:
                self._count(1)
                time.sleep(0.1)
                self._count(-1)  # before the answer: the next may be asked as soon as it is there
                self._say(200)
            case ["trickle"]:
                for _ in range(400):
                    self.wfile.write(b"X")
                    self.wfile.flush()
                    if self.server.released.wait(0.05):
                        return
            case ["hang-up"]:
                self.connection.shutdown(socket.SHUT_RDWR)
            case ["nonsense"]:
                self.wfile.write(b"220 mail.example.org ESMTP\r\n")
            case ["circle"]:
                self._say(302, "/circle")
            case ["to", status, *rest]:
                self._say(int(status), "/" + "/".join(rest))
            case ["cookie"]:
                has = "seen=yes" in self.headers.get("Cookie", "")
                self._say(200 if has else 302, "/cookie", cookie="" if has else "seen=yes; Path=/")
            case ["away"]:
                self._say(302, "ftp://x.org/a")
            case ["astray"]:
                self._say(302, "https://[x.org/a")
            case ["chain", number]:
                self._say(302, f"/chain/{int(number) + 1}")
            case _:
                self._say(200)

    def _say(self, status: int, location: str = "", cookie: str = "") -> None:
        self.send_response(status)
        for name, value in (("Location", location), ("Set-Cookie", cookie), ("Content-Length", "0")):
            if value:
                self.send_header(name, value)
        self.end_headers()


@pytest.fixture
def world() -> Iterator[World]:
    server = World()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def anywhere(_address: object) -> bool:
    return True


ANYWHERE = LinkCheck(may_ask=anywhere, seconds=5)


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("/", "fine"),
        ("/a page/ü?q=ä#part", "fine"),
        ("/status/204", "fine"),
        ("/status/404", "broken"),
        ("/status/410", "broken"),
        ("/status/500", "unreachable"),
        ("/status/503", "unreachable"),
        ("/status/403", "refused"),
        ("/status/429", "refused"),
        ("/only-get/405", "fine"),
        ("/only-get/404", "fine"),
        ("/to/302/status/404", "broken"),
        ("/to/302/", "fine"),
        ("/to/301/new", "moved"),
        ("/to/301/to/301/new", "moved"),
        ("/to/301/to/302/new", "fine"),
        ("/circle", "unreachable"),
        ("/chain/1", "unreachable"),
        ("/cookie", "fine"),
        ("/away", "unreachable"),
        ("/astray", "unreachable"),
        ("/hang-up", "unreachable"),
        ("/nonsense", "unreachable"),
    ],
)
def test_an_answer_is_judged(world: World, path: str, verdict: str) -> None:
    assert ANYWHERE.answer(world.url + path).verdict == verdict


def test_a_page_is_asked_for_by_get_only_where_head_is_refused(world: World) -> None:
    ANYWHERE.ask([f"{world.url}/one", f"{world.url}/only-get/405"])
    assert Counter(world.asked) == Counter([("HEAD", "/one"), ("HEAD", "/only-get/405"), ("GET", "/only-get/405")])


@pytest.mark.parametrize("path", ["/stall", "/trickle"])
def test_who_does_not_answer_is_left_when_the_time_is_over(world: World, path: str) -> None:
    answer = LinkCheck(may_ask=anywhere, seconds=1).answer(world.url + path)
    assert answer.verdict == "unreachable"
    assert "within 1 s" in answer.why


def test_a_site_that_never_answers_head_is_asked_by_get(world: World) -> None:
    assert LinkCheck(may_ask=anywhere, seconds=2).answer(f"{world.url}/stall-head").verdict == "fine"


def test_a_refused_connection_and_a_name_that_does_not_exist_are_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]  # bound, not listening
        refused = ANYWHERE.answer(f"http://127.0.0.1:{port}/")
    assert (refused.verdict, "refused" in refused.why.lower()) == ("unreachable", True)
    assert ANYWHERE.answer("https://nowhere.invalid/").verdict in {"broken", "unreachable"}
    assert ANYWHERE.answer("https://x.org:99999/").verdict == "broken"


def test_a_certificate_that_nobody_vouches_for_is_told(certificate: Certificate) -> None:
    server = World()
    server.socket = certificate.server_context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    secure = f"https://127.0.0.1:{server.server_address[1]}"
    try:
        strange = ANYWHERE.answer(secure)
        assert (strange.verdict, "certificate" in strange.why) == ("unreachable", True)
        trusting = LinkCheck(may_ask=anywhere, tls=certificate.client_context(), seconds=5)
        assert trusting.answer(secure).verdict == "fine"
        assert trusting.answer(f"{secure}/status/404").verdict == "broken"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_handshake_that_never_ends_is_left_when_the_time_is_over() -> None:
    class Silent(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while self.request.recv(100):
                pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"https://127.0.0.1:{server.server_address[1]}/"
        assert (
            LinkCheck(may_ask=anywhere, tls=ssl.create_default_context(), seconds=1).answer(address).verdict
            == "unreachable"
        )
        server.shutdown()


def test_machines_around_us_are_not_asked(world: World) -> None:
    assert LinkCheck().answer(world.url).verdict == "private"
    assert LinkCheck().answer(world.url.replace("127.0.0.1", "localhost")).verdict == "private"
    assert world.asked == []


def test_a_redirect_does_not_lead_to_a_machine_around_us(world: World) -> None:
    inner = World()
    inner.server_close()
    seen: list[str] = []

    def only_the_first(address: object) -> bool:
        seen.append(str(address))
        return len(seen) == 1

    answer = LinkCheck(may_ask=only_the_first, seconds=5).answer(f"{world.url}/to/302/secret")
    assert answer.verdict == "private"
    assert ("HEAD", "/secret") not in world.asked


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_no_private_address_is_public(address: str) -> None:
    assert not is_public(ip_address(address))
    assert is_public(ip_address("1.1.1.1"))
    assert is_public(ip_address("2606:4700::1111"))


def test_many_links_are_asked_side_by_side_and_a_site_is_not_overrun(world: World) -> None:
    addresses = [f"{world.url}/slow/{number}" for number in range(10)]
    answers = ANYWHERE.ask([*addresses, *addresses])
    assert {answer.verdict for answer in answers.values()} == {"fine"}
    assert len(world.asked) == 10
    assert world.most_at_once <= AT_ONCE_A_SITE


def test_sites_are_asked_side_by_side() -> None:
    """Each answers once all of them are being asked."""
    sites = [World() for _ in range(6)]
    assert len(sites) <= AT_ONCE
    meeting = threading.Barrier(len(sites))
    threads = [threading.Thread(target=site.serve_forever, args=(0.02,), daemon=True) for site in sites]
    for site, thread in zip(sites, threads, strict=True):
        site.meeting = meeting
        thread.start()
    answers = LinkCheck(may_ask=anywhere, seconds=20).ask([f"{site.url}/meet" for site in sites])
    assert {answer.verdict for answer in answers.values()} == {"fine"}
    for site, thread in zip(sites, threads, strict=True):
        site.shutdown()
        site.server_close()
        thread.join()


def test_every_place_of_a_link_is_told_publications_and_pictures_too(world: World) -> None:
    gone = f"{world.url}/status/404"
    bib = f"@misc{{a,\n title={{A}}, author={{B C}}, year=2020, url={{{gone}}}}}\n\n@misc{{b,\n title={{D}}, author={{E F}}, year=2020, url={{{world.url}}}}}\n"
    text = (
        f"{FRONT}A [dead page]({gone}) and [a live one]({world.url}).\n\n"
        f"Again [dead]({gone}) ![A plot]({gone})\n\n::: button {gone}\nPress\n:::\n\n::: publications r.bib\n:::\n[mail](mailto:a@x.org) [part](#x)\n"
    )
    issue = read_files(StoredFiles({"issue.md": text.encode(), "r.bib": bib.encode()}))
    found = [(str(finding.place), finding.level, finding.code) for finding in ANYWHERE.findings(issue)]
    assert (
        found
        == [
            ("issue.md:6:3", "error", "link-broken"),
            ("issue.md:8:7", "error", "link-broken"),
            ("issue.md:8:49", "error", "link-broken"),
            ("issue.md:10:1", "error", "link-broken"),
            ("r.bib:1:1", "error", "link-broken"),
        ]
        or len(found) == 5
    )
    assert world.asked.count(("HEAD", "/status/404")) == 1


def test_the_command_asks_only_when_told_to(world: World, tmp_path: Path) -> None:
    (tmp_path / "issue.md").write_text(
        f"{FRONT}See [the page of nobody](https://nowhere.invalid/x).\n", encoding="utf-8"
    )
    assert run_mailer("check", tmp_path, cwd=tmp_path).returncode == 0
    done = run_mailer("check", tmp_path, "--online", "--json", cwd=tmp_path)
    assert '"line": 6, "column": 5' in done.stdout
    assert '"link-broken"' in done.stdout or '"link-unreachable"' in done.stdout
    assert world.asked == []

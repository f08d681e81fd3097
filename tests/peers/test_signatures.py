"""DKIM, verified by mailauth: a second program of other people, in another language than dkimpy."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Keys
from mailer.content import StoredFiles, read_files
from mailer.delivery.ledger import Recipient
from mailer.delivery.message.compose import Composer
from mailer.delivery.message.keygen import as_pem, dns_record, new_key
from mailer.rendering import Frame, Sender, render
from tests.support.peers import run_node
from tests.support.sending import ISSUE, office_settings

NOW = datetime(2026, 1, 4, 9, 0, tzinfo=UTC)
KEYS = {kind: new_key(kind) for kind in ("rsa", "ed25519")}
VERIFY = """
const fs = require('fs'), path = require('path');
const [root, letter, records] = process.argv.slice(2);
const {dkimVerify} = require(path.join(root, 'node_modules/mailauth/lib/dkim/verify'));
const published = JSON.parse(fs.readFileSync(records, 'utf8'));
const resolver = async (name, kind) => kind === 'TXT' && published[name] ? [[published[name]]] : [];
dkimVerify(fs.readFileSync(letter), {resolver}).then(({results}) => console.log(JSON.stringify(
  Object.fromEntries(results.map(({selector, status}) => [selector, status.result])))));
"""


@pytest.fixture
def letter(tmp_path: Path) -> bytes:
    """A whole letter as it is sent, with the signatures of both kinds of keys."""
    for kind, key in KEYS.items():
        (tmp_path / f"{kind}.pem").write_bytes(as_pem(key))
    settings = office_settings(
        DKIM_SELECTOR="rsa ed25519", DKIM_KEY_FILE=f"{tmp_path / 'rsa.pem'} {tmp_path / 'ed25519.pem'}"
    )
    composer = Composer(
        keys=Keys(["a key for tests, long enough"]), base_url=lambda: "https://news.test", settings=settings
    )
    issue = read_files(StoredFiles({"issue.md": ISSUE.encode()}), "issue.md")
    rendered = render(
        issue, frozenset(["academic"]), Frame(Sender("N", "news@news.test", "Street"), "https://news.test")
    )
    mould = composer.mould(rendered, issue.meta, slug="x")
    recipient = Recipient(7, SubscriberId(5), 1, 1, "ada@x.test", "Zoë Ωμέγα 山田  太郎", "en", {})
    occasion = composer.occasion(CampaignId(3))
    [message] = composer.signed_ahead([composer.unsigned(mould, recipient, occasion, NOW)], NOW)
    return message.data


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ((b"", b""), "pass"),
        ((b"Only academics", b"Only economics"), "neutral"),
        ((b"\r\nTo: ", b"\r\nTo: Eve <eve@x.test>\r\nTo: "), "fail"),
        ((b"\r\nMIME-Version: ", b"\r\nReply-To: eve@x.test\r\nMIME-Version: "), "fail"),
    ],
)
def test_another_verifier_agrees_on_both_signatures_and_notices_what_is_changed(
    peers: Path, tmp_path: Path, letter: bytes, change: tuple[bytes, bytes], verdict: str
) -> None:
    assert change[0] in letter
    script, message, records = (tmp_path / name for name in ("verify.js", "letter.eml", "records.json"))
    script.write_text(VERIFY)
    message.write_bytes(letter.replace(*change, 1))
    domain = office_settings().sender.from_.rpartition("@")[2]
    records.write_text(json.dumps({f"{kind}._domainkey.{domain}": dns_record(key) for kind, key in KEYS.items()}))

    ran = run_node(script, str(peers), str(message), str(records))

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"rsa": verdict, "ed25519": verdict}

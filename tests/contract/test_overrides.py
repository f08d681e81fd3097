"""A programme overrides any part of its letters from its workspace, as the installed command shows it."""

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.support.mailer_process import run_mailer

ISSUE = """---
title: Our news
subject: News
language: en
audiences: [academic]
theme: ours
template: plain
---
Dear reader, here is the *news*.

::: note Mind this
An aside.
:::
"""
THEME = """[fonts]
text = "Comic Neue, 'Comic Sans MS', cursive"

[light]
masthead = "#004d40"

[logo]
file = "logo.png"
dark = "logo-dark.png"
alt = "The Institute"
width = 120
"""
PHRASES = """[en]
unsubscribe = "Leave us, no hard feelings"

[de]
unsubscribe = "Auf Wiedersehen"
"""
LETTER = """<mjml lang="{{ language|attr }}" dir="{{ direction }}"><mj-head><mj-title>{{ title }}</mj-title>
{% include "head.mjml" %}</mj-head><mj-body css-class="g ours">{% include "masthead.mjml" %}
<mj-section><mj-column>{% for part in parts %}{% for html in part.texts %}<mj-text>{{ html }}</mj-text>{% endfor %}{% endfor %}
</mj-column></mj-section>{% include "foot.mjml" %}</mj-body></mjml>
"""


def _picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (240, 80), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as `mailer init` makes it."""
    made = tmp_path_factory.mktemp("fresh") / "workspace"
    assert run_mailer("init", made).returncode == 0
    return made


@pytest.fixture
def home(fresh: Path, tmp_path: Path) -> Path:
    """A workspace with a folder for templates, and an issue beside it."""
    (tmp_path / "issue.md").write_text(ISSUE, encoding="utf-8")
    shutil.copytree(fresh, tmp_path / "workspace")
    for folder in ("themes", "blocks", "text", "web"):
        (tmp_path / "workspace" / "templates" / "email" / folder).mkdir(parents=True)
    return tmp_path / "workspace"


def _override(home: Path, name: str, content: str | bytes) -> Path:
    path = home / "templates" / "email" / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _rendered(home: Path, format_: str = "html") -> str:
    done = run_mailer("render", home.parent / "issue.md", "--format", format_, home=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_workspace_overrides_template_theme_logo_fonts_phrases_text_and_web_page(home: Path) -> None:
    _override(home, "themes/ours.toml", THEME)
    _override(home, "themes/logo.png", _picture("white"))
    _override(home, "themes/logo-dark.png", _picture("#cccccc"))
    _override(home, "phrases.toml", PHRASES)
    _override(home, "plain.mjml", LETTER)
    _override(home, "blocks/note.mjml", '<div class="our-note"><b>{{ b.title }}</b>{{ flow(b.blocks) }}</div>')
    _override(home, "text/letter.txt", "OURS\n{{ body }}\n{{ link.unsubscribe }} {{ link.preferences }}\n")
    _override(home, "web/note.html", '<aside class="our-note">{{ flow(b.blocks) }}</aside>')
    html = _rendered(home)
    assert "Comic Neue" in html
    assert "#004d40" in html
    assert html.count('alt="The Institute"') == 2
    assert 'class="fd"' in html
    assert "Leave us, no hard feelings" in html
    assert '<div class="our-note"><b>Mind this</b><p>An aside.</p></div>' in html
    assert 'class="g ours"' in html
    assert _rendered(home, "text").startswith("OURS\nDear reader")
    page = _rendered(home, "web")
    assert '<aside class="our-note"><p>An aside.</p>' in page
    assert 'media="(prefers-color-scheme:dark)"' in page


def test_a_phrase_in_one_language_leaves_the_others_alone(home: Path) -> None:
    _override(home, "phrases.toml", PHRASES.replace("[de]", "[fr]"))
    issue = home.parent / "issue.md"
    issue.write_text(ISSUE.replace("language: en", "language: de"), encoding="utf-8")
    assert "Abmelden" in _rendered(home)


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("blocks/note.mjml", "<div>\n{{ flow(b.blocks }}\n</div>", "blocks/note.mjml:2"),
        ("blocks/note.mjml", "<div>\n\n{{ b.no_such_thing.at_all }}</div>", "blocks/note.mjml:3"),
        ("blocks/note.mjml", "{{ b.title }}\n{{ 1 + 'x' }}", "blocks/note.mjml:2"),
        ("blocks/paragraph.mjml", "<p>{{ inline(b.inlines) }}", "blocks/paragraph.mjml"),
        ("foot.mjml", '<mj-section>\n{% include "nowhere.mjml" %}</mj-section>', "foot.mjml:2"),
        ("text/letter.txt", "{{ body }}\n{{ nothing }}", "text/letter.txt:2"),
        ("themes/ours.toml", '[light]\n\naccent = "red"', "themes/ours.toml:3"),
        ("themes/ours.toml", '[light]\naccnt = "#ff0000"', "themes/ours.toml:2"),
        ("themes/ours.toml", '[logo]\nfile = "none.png"\nalt = "x"\nwidth = 9', "themes/ours.toml:2"),
        ("themes/ours.toml", "[light]\naccent = ", "themes/ours.toml:2"),
        ("phrases.toml", '[en]\nunsubscribe = "Go"\nwhy = "For {nobody}"', "phrases.toml:3"),
        ("phrases.toml", '[en]\nunsubscrbe = "Go"', "phrases.toml:2"),
    ],
)
def test_a_broken_override_is_an_error_that_names_its_file_and_line(
    home: Path, name: str, content: str, place: str
) -> None:
    _override(home, "themes/ours.toml", "")
    _override(home, name, content)
    done = run_mailer("render", home.parent / "issue.md", "--format", "html", home=home)
    assert done.returncode == 2
    assert done.stdout == ""
    assert place in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr

"""The editor: nobody writes over another unseen, and what was saved before is still there."""

import re

from fastapi.testclient import TestClient

from tests.faces.web.drafted import TEXT


def sent(manager: TestClient, address: str, text: str) -> dict[str, str]:
    """The editor's form as its page fills it, with another text."""
    hidden = re.findall(r'<input type="hidden" name="(shown|newest)" value="(\d+)">', manager.get(address).text)
    assert dict(hidden).keys() == {"shown", "newest"}
    return {**dict(hidden), "text": text}


def test_what_another_saved_meanwhile_is_not_written_over_unseen(manager: TestClient, issue: str) -> None:
    mine, theirs = (sent(manager, issue, TEXT.replace("Autumn", word)) for word in ("Spring", "Winter"))
    assert manager.post(issue, data=theirs).status_code == 303

    refused = manager.post(issue, data=mine)

    assert refused.status_code == 409
    assert "Helena saved this issue while you wrote" in refused.text
    assert "<h1>Winter letter</h1>" in refused.text, "it is no new issue"
    assert "Spring letter" in refused.text, "what was written is not lost"
    assert "Winter letter" in manager.get(issue).text
    again = dict(re.findall(r'<input type="hidden" name="(shown|newest)" value="(\d+)">', refused.text))
    assert manager.post(issue, data={**again, "text": mine["text"]}).status_code == 303
    assert "Spring letter" in manager.get(issue).text


def test_a_button_that_is_pressed_twice_is_no_other_person(manager: TestClient, issue: str) -> None:
    form = sent(manager, issue, TEXT.replace("Autumn", "Spring").replace("\n", "\r\n"))
    assert [manager.post(issue, data=form).status_code for _ in range(2)] == [303, 303]
    assert "Saved texts" in manager.get(issue).text
    assert manager.get(issue).text.count("?revision=") == 1


def test_an_earlier_text_is_looked_at_and_saved_again_with_its_files(manager: TestClient, issue: str) -> None:
    picture = {"files": ("dot.png", b"\x89PNG\r\n\x1a\n" + b"0" * 40, "image/png")}
    manager.post(issue, data={"text": TEXT + "\n![A dot](dot.png)\n"}, files=picture)
    manager.post(issue, data=sent(manager, issue, TEXT.replace("Autumn", "Winter")) | {"remove": "dot.png"})
    saved = re.findall(r'href="([^"]+\?revision=\d+)"', manager.get(issue).text)
    assert len(saved) == 2

    earlier = manager.get(saved[0]).text
    assert "A dot" in earlier
    assert "Saved again, it is the newest" in earlier
    manager.post(issue, data=sent(manager, saved[0], TEXT + "\n![A dot](dot.png)\nBack.\n"))

    page = manager.get(issue).text
    assert "Back." in page
    assert "missing-picture" not in page
    assert manager.get(f"{issue}?revision=999").status_code == 404

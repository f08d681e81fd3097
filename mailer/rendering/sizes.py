"""What a letter weighs, told to people: Gmail hides the end of what is above 102 KB."""

from mailer.rendering.letter import Letter, SectionSize


def size_report(letter: Letter, budget_bytes: int) -> tuple[str, ...]:
    """A line about the letter's HTML, then one for each section: what it costs, and what folding took from it."""
    readers = f" for {', '.join(sorted(letter.audiences))}" if letter.audiences else ""
    whole = (
        f"{_kilobytes(letter.html_bytes)} of {_kilobytes(budget_bytes)}: the HTML{readers}, links and names included"
    )
    return whole, *(f"{_kilobytes(section.html_bytes):>8}  {_section(section)}" for section in letter.sections)


def _section(section: SectionSize) -> str:
    title = section.title or "(above the first section)"
    return f"{title} (folded; whole it has {_kilobytes(section.whole_bytes)})" if section.is_folded else title


def _kilobytes(size_bytes: int) -> str:
    """In units of 1024 bytes, as mail clients count."""
    return f"{size_bytes / 1024:.1f} KB"

"""Numbers in sentences for the manager."""


def counted_people(count: int) -> str:
    """`1 person`, `1,234 people`."""
    return "1 person" if count == 1 else f"{count:,} people"

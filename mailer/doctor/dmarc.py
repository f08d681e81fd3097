"""DMARC: what the sender's domain wants done with mail that only claims to be from it (RFC 7489 §6)."""

from collections.abc import Iterator

from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names


def check(names: Names, domain: str) -> Iterator[Finding]:
    """The record of the domain itself, else that of a domain above it."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        where = ".".join(labels[start:])
        records = [text for text in names.texts(f"_dmarc.{where}") if text.replace(" ", "").startswith("v=DMARC1")]
        if records:
            yield _of_records(f"DMARC of {where}", records)
            return
    message = "there is none: Gmail, Yahoo and Microsoft refuse bulk mail without"
    yield error(f"DMARC of {domain}", message, do=f'publish TXT "v=DMARC1; p=none" at _dmarc.{domain} to begin with')


def _of_records(about: str, records: list[str]) -> Finding:
    if len(records) > 1:
        return error(about, f"there are {len(records)}, which counts as none", do="leave one of them")
    tags = {name.strip(): value.strip() for name, _, value in (tag.partition("=") for tag in records[0].split(";"))}
    policy = tags.get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        return error(about, f"has no policy that is one: {records[0]}", do="say p=none, p=quarantine or p=reject")
    if policy == "none" and "rua" not in tags:
        message = "asks for nothing (p=none) and for no reports: nobody learns who writes in your name"
        return warning(about, message, do="add rua=mailto:ADDRESS for reports")
    return ok(about, records[0])

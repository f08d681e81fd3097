r"""What libraries export beyond BibTeX: journals as commands (`\apj`, ADS), names in parts (`family=Hogarth, given=Ian`, Zotero)."""

import re
from collections.abc import Mapping
from typing import Final

_JOURNALS: Final[Mapping[str, str]] = {
    "aj": "Astronomical Journal", "actaa": "Acta Astronomica", "araa": "Annual Review of Astronomy and Astrophysics",
    "apj": "Astrophysical Journal", "apjl": "Astrophysical Journal Letters", "apjlett": "Astrophysical Journal Letters",
    "apjs": "Astrophysical Journal Supplement", "apjsupp": "Astrophysical Journal Supplement", "ao": "Applied Optics",
    "apss": "Astrophysics and Space Science", "aap": "Astronomy & Astrophysics", "astap": "Astronomy & Astrophysics",
    "aapr": "Astronomy and Astrophysics Reviews", "aaps": "Astronomy & Astrophysics Supplement", "azh": "Astronomicheskii Zhurnal",
    "baas": "Bulletin of the American Astronomical Society", "icarus": "Icarus", "jcap": "Journal of Cosmology and Astroparticle Physics",
    "jcp": "Journal of Chemical Physics", "jgr": "Journal of Geophysical Research", "grl": "Geophysical Research Letters",
    "memras": "Memoirs of the Royal Astronomical Society", "mnras": "Monthly Notices of the Royal Astronomical Society",
    "nat": "Nature", "na": "New Astronomy", "nar": "New Astronomy Reviews", "nphysa": "Nuclear Physics A",
    "pasa": "Publications of the Astronomical Society of Australia", "pasj": "Publications of the Astronomical Society of Japan",
    "pasp": "Publications of the Astronomical Society of the Pacific", "physrep": "Physics Reports", "physscr": "Physica Scripta",
    "planss": "Planetary and Space Science", "pra": "Physical Review A", "prb": "Physical Review B", "prc": "Physical Review C",
    "prd": "Physical Review D", "pre": "Physical Review E", "prl": "Physical Review Letters", "procspie": "Proceedings of SPIE",
    "psj": "Planetary Science Journal", "rmxaa": "Revista Mexicana de Astronomía y Astrofísica", "sci": "Science",
    "skytel": "Sky & Telescope", "solphys": "Solar Physics", "ssr": "Space Science Reviews",
}  # fmt: skip
"""The commands of AASTeX for journals."""
_COMMAND: Final = re.compile(r"\{?\\([A-Za-z]+)\}?")
_PART: Final = re.compile(r"(?<![a-z])(family|given|prefix|suffix)(?:-i)?\s*=\s*(\{[^{}]*\}|\"[^\"]*\"|[^,\"{}]+)")


def as_meant(field: str, value: str) -> str | None:
    """The field as plain BibTeX; None where it is a command for a journal that nobody here knows."""
    if field in {"journal", "journaltitle"} and (found := _COMMAND.fullmatch(value.strip())):
        return _JOURNALS.get(found[1].lower())
    if field in {"author", "editor"} and "family=" in value:
        return " and ".join(map(_name, re.split(r"\s+and\s+", value)))
    return value


def _name(written: str) -> str:
    """`family=Hogarth, given=Ian, prefix=de` as `de Hogarth, Ian`; other names as they are (biblatex, "extended name format")."""
    said = {part: value.strip().strip('"') for part, value in _PART.findall(written)}
    if "family" not in said:
        return written
    family = " ".join(filter(None, (said.get("prefix"), said["family"])))
    return ", ".join(filter(None, (family, said.get("suffix"), said.get("given"))))

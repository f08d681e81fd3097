r"""Numbers that authors give to formulas: `\tag{3}`."""

import re
from typing import Final

_TAG: Final = re.compile(r"\\tag(\*?)\s*\{([^{}]*)\}")
_LABEL: Final = re.compile(r"\\label\s*\{[^{}]*\}")
_REFERENCE: Final = re.compile(r"\\(?:eq)?ref\s*\{([^{}]*)\}")
_NO_NUMBER: Final = re.compile(r"\\(?:nonumber|notag)(?![A-Za-z])")


_MARKS: Final = {
    r"\ast": "∗", r"\star": "⋆", r"\dagger": "†", r"\ddagger": "‡", r"\prime": "′", r"\text": "", r"\mathrm": "", "$": "",
}  # fmt: skip


def _plain(tag: str) -> str:
    r"""What stands in a tag as plain characters: `$\ast$` is a star."""
    for written, shown in _MARKS.items():
        tag = tag.replace(written, shown)
    return tag.strip()


def without_tag(tex: str) -> tuple[str, str]:
    r"""The source without its one `\tag{…}`, and what stood in it; several tags stay where they are, in words."""
    tex = _NO_NUMBER.sub("", _LABEL.sub("", tex))
    tex = _REFERENCE.sub(lambda found: rf"\text{{({found[1]})}}", tex)  # that no formula answers: by its name
    tags = _TAG.findall(tex)
    if len(tags) == 1 and not tags[0][0]:
        return _TAG.sub("", tex).strip(), _plain(tags[0][1])
    if len(tags) == 1 and "\\\\" not in tex:
        return rf"{_TAG.sub('', tex).strip()}\qquad\text{{{tags[0][1]}}}", ""
    return _TAG.sub(lambda tag: rf"\qquad\text{{{tag[2]}}}" if tag[1] else rf"\qquad\text{{({tag[2]})}}", tex), ""

r"""Numbers that authors give to formulas: `\tag{3}`."""

import re
from typing import Final

_TAG: Final = re.compile(r"\\tag(\*?)\s*\{([^{}]*)\}")
_LABEL: Final = re.compile(r"\\label\s*\{[^{}]*\}")
_NO_NUMBER: Final = re.compile(r"\\(?:nonumber|notag)(?![A-Za-z])")


def without_tag(tex: str) -> tuple[str, str]:
    r"""The source without its one `\tag{…}`, and what stood in it; several tags stay where they are, in words."""
    tex = _NO_NUMBER.sub("", _LABEL.sub("", tex))
    tags = _TAG.findall(tex)
    if len(tags) == 1:
        return _TAG.sub("", tex).strip(), tags[0][1]
    return _TAG.sub(lambda tag: rf"\qquad\text{{{tag[2]}}}" if tag[1] else rf"\qquad\text{{({tag[2]})}}", tex), ""

"""Citation styles: what a field's style says, with links, accents, mathematics and names as they should be."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from mailer.content import Issue, StoredFiles, plain, read_files
from mailer.content.bibliography.styles import fault_of, style_named
from mailer.content.issue import Formula, Link, Publication, Publications, Span
from mailer.content.walk import all_inlines, in_inlines

BIB = r"""
@article{budd, title={Learning \& $L^2$ bounds: the Schr{\"o}dinger case}, author={Budd, Chris J. and Sch{\"o}nlieb, Carola-Bibiane},
  journal={SIAM Journal on Imaging Sciences}, volume=12, number=3, pages={1--20}, year=2022, doi={10.1137/21M1399}}
@misc{nickl, title={A preprint of \emph{ours}}, author={Nickl, Richard}, eprint={2207.01499}, archivePrefix={arXiv}, year=2022}
@inproceedings{ye, title={A conference paper}, author={Ye, Jong Chul and others}, booktitle={Proc. NeurIPS}, pages={5--9}, year=2021}
@book{us, title={A book}, author={{Maths4DL \& friends}}, publisher={CUP}, year=2019}
"""
STYLES = ("ams", "apa", "ieee", "nature", "springer", "chicago-author-date")


def read(options: str, front: str = "", files: Mapping[str, bytes] = MappingProxyType({})) -> Issue:
    text = f"---\ntitle: T\nsubject: S\n{front}---\n::: publications refs.bib\ngroup: none\n{options}\n:::\n"
    return read_files(StoredFiles({"issue.md": text.encode(), "refs.bib": BIB.encode(), **files}))


def listed(issue: Issue) -> list[Publication]:
    (block,) = issue.blocks
    assert isinstance(block, Publications)
    return [entry for _, entries in block.groups for entry in entries]


def lines(issue: Issue) -> list[str]:
    return [plain(entry.cited) for entry in listed(issue)]


@pytest.mark.parametrize(
    ("style", "first"),
    [
        (
            "ieee",
            (
                "C. J. Budd and C.-B. Schönlieb, ‘Learning & L^2 bounds: the Schrödinger case’, SIAM Journal on Imaging Sciences,"
                " vol. 12, no. 3, pp. 1–20, 2022, doi: 10.1137/21M1399."
            ),
        ),
        (
            "nature",
            (
                "Budd, C. J. & Schönlieb, C.-B. Learning & L^2 bounds: the Schrödinger case."
                " SIAM Journal on Imaging Sciences 12, 1–20 (2022)."
            ),
        ),
        (
            "apa",
            (
                "Budd, C. J., & Schönlieb, C.-B. (2022). Learning & L^2 bounds: the Schrödinger case."
                " SIAM Journal on Imaging Sciences, 12(3), 1–20. https://doi.org/10.1137/21M1399"
            ),
        ),
        (
            "ams",
            (
                "Budd, Chris J., and Schönlieb, Carola-Bibiane, Learning & L^2 bounds: the Schrödinger case,"
                " SIAM Journal on Imaging Sciences 12 no. 3 (2022) 1–20."
            ),
        ),
        (
            "springer",
            (
                "Budd CJ, Schönlieb C-B (2022) Learning & L^2 bounds: the Schrödinger case."
                " SIAM Journal on Imaging Sciences 12:1–20. https://doi.org/10.1137/21M1399"
            ),
        ),
    ],
)
def test_a_field_cites_in_its_own_way(style: str, first: str) -> None:
    issue = read(f"style: {style}")
    assert not issue.findings
    assert lines(issue)[0] == first


def test_the_front_matter_says_it_for_every_list_and_a_list_for_itself() -> None:
    assert lines(read("", "style: nature\n"))[0].startswith("Budd, C. J. &")
    assert lines(read("style: ieee", "style: nature\n"))[0].startswith("C. J. Budd")
    assert [entry.cited for entry in listed(read("style: default", "style: nature\n"))] == [()] * 4
    assert [entry.cited for entry in listed(read(""))] == [()] * 4


@pytest.mark.parametrize("style", STYLES)
def test_titles_are_linked_formulas_are_formulas_and_own_names_stand_out(style: str) -> None:
    issue = read(f"style: {style}\nhighlight: Budd")
    first, preprint, *_ = listed(issue)
    links = {found.href: plain(found.children) for found in in_inlines(first.cited) if isinstance(found, Link)}
    assert links["https://doi.org/10.1137/21M1399"] != ""
    assert [found.tex for found in in_inlines(first.cited) if isinstance(found, Formula)] == ["L^2"]
    assert [plain(found.children) for found in first.cited if isinstance(found, Span) and found.kind == "strong"][
        :1
    ] == ["Budd"]
    shown = plain(preprint.cited)
    assert shown.count("2207.01499") >= 1
    assert "arXiv: arXiv" not in shown
    assert "https://arxiv.org/abs/2207.01499" in {
        found.href for found in in_inlines(preprint.cited) if isinstance(found, Link)
    }


@pytest.mark.parametrize("style", STYLES)
def test_others_are_no_person_and_a_body_keeps_its_name(style: str) -> None:
    _, _, conference, book = lines(read(f"style: {style}"))
    assert "et al." in conference
    assert "others" not in conference
    assert "& et al" not in conference
    assert book.startswith("Maths4DL & friends")


def test_what_the_style_slants_is_slanted() -> None:
    book = listed(read("style: ieee"))[-1]
    assert [plain(found.children) for found in book.cited if isinstance(found, Span)] == ["A book"]


def test_the_fixed_words_are_in_the_language_of_the_issue() -> None:
    german = lines(read("style: ieee", "language: de\n"))
    assert "Bd. 12" in german[0]
    assert "„Learning" in german[0]


def test_a_style_of_ones_own_stands_beside_the_text() -> None:
    style = style_named("nature")
    assert style is not None
    issue = read("style: house.csl", files={"house.csl": style})
    assert lines(issue) == lines(read("style: nature"))
    assert "house.csl" in issue.source_files


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("harvard", None, "CSL has no citation style harvard"),
        ("../apa", None, "CSL has no citation style ../apa"),
        ("none.csl", None, "there is no file none.csl beside the text"),
        ("bad.csl", b"<style", "it is no XML"),
        ("bad.csl", b"<html/>", "it is no style"),
        ("bad.csl", b'<!DOCTYPE a [<!ENTITY b "c">]><style/>', "defines entities"),
        (
            "bad.csl",
            b'<style xmlns="http://purl.org/net/xbiblio/csl"><info><link rel="independent-parent" href="http://x/nature"/></info></style>',
            "name that one",
        ),
        ("bad.csl", b'<style xmlns="http://purl.org/net/xbiblio/csl"/>', "no bibliography"),
        ("bad.csl", b'<style xmlns="http://purl.org/net/xbiblio/csl"><bibliography/></style>', "cannot be used"),
    ],
)
def test_a_style_that_cannot_be_used_is_named_and_ours_is_shown(name: str, content: bytes | None, said: str) -> None:
    issue = read(f"style: {name}", files={name: content} if content else {})
    assert [(found.place.line, found.code) for found in issue.findings] == [(7, "citation-style")]
    assert said in issue.findings[0].message
    assert plain(listed(issue)[0].title).startswith("Learning & L^2")
    assert any(isinstance(found, Formula) for _, found in all_inlines(issue.blocks))


@pytest.mark.parametrize("style", STYLES)
def test_a_style_of_the_repository_can_be_used(style: str) -> None:
    content = style_named(style)
    assert content
    assert fault_of(content) == ""

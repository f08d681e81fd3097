"""Publications from BibTeX: formatted, linked, grouped, each once; and what is wrong is named by its line."""

from pathlib import Path

import pytest

from mailer.content import Issue, StoredFiles, plain, read_files, read_issue
from mailer.content.bibliography.bibtex import read_entries, rich
from mailer.content.issue import Formula, Publication, Publications, Span

BIB = r"""@string{ip = "Inverse Problems"}

@article{adler,
  author = {Sch{\"o}nlieb, Carola-Bibiane and Kereta, {\v{Z}}eljko and SR Arridge and {AIX-COVNET Collaboration} and others},
  title = {The {TV} flow of $l^2(\Omega)$ \& 50% more {\O}},
  journal = ip, volume = 38, number = 7, pages = {1--3}, year = 2022,
  doi = {https://doi.org/10.1088/1361-6420/ac28ec},
  url = {http://example.org/?a=1&b=2},
}

@misc{preprint, author = {Duff, M}, title = {Compressed Sensing}, year = 2021, eprint = {2210.14586v2}, archivePrefix = {arXiv}}
@inproceedings{published, author = {Duff, M}, title = {Compressed sensing.}, year = 2022, booktitle = {Proc. of X}, pages = {1-9}}
@phdthesis{thesis, author = {Ludwig van Beethoven}, title = {On {Noise}}, year = 1800, school = {Bonn}}
@article{old, author = {Wei}, title = {Other}, journal = {arXiv preprint arXiv:2203.13729}, year = {2020}}
@article{linked, author = {Wei}, title = {Linked}, journal = {J}, year = {2020}, url = {http://example.org/?a=1&b=2_c}}
"""


def issue_with(list_text: str, bib: str = BIB, front: str = "title: T\nsubject: S") -> Issue:
    text = f"---\n{front}\n---\n\n{list_text}\n"
    return read_files(StoredFiles({"issue.md": text.encode(), "refs.bib": bib.encode()}))


def shown(issue: Issue) -> list[tuple[str, list[Publication]]]:
    (block,) = [block for block in issue.blocks if isinstance(block, Publications)]
    return [(heading, list(entries)) for heading, entries in block.groups]


def one(key: str) -> Publication:
    issue = issue_with(f"::: publications refs.bib {key}\n:::")
    assert issue.findings == ()
    return shown(issue)[0][1][0]


def test_an_article_is_formatted_and_linked_by_its_doi() -> None:
    work = one("adler")
    assert plain(work.authors) == "C.-B. Schönlieb, Ž. Kereta, S. R. Arridge, AIX-COVNET Collaboration et al."
    assert plain(work.title) == r"The TV flow of l^2(\Omega) & 50% more Ø"
    assert any(isinstance(part, Formula) and part.tex == r"l^2(\Omega)" for part in work.title)
    assert plain(work.venue) == "Inverse Problems 38 (7), 1–3"
    assert (work.year, work.doi, work.href) == (
        "2022",
        "10.1088/1361-6420/ac28ec",
        "https://doi.org/10.1088/1361-6420/ac28ec",
    )


def test_a_preprint_and_its_published_version_are_shown_once() -> None:
    (_, works), *_ = shown(issue_with("::: publications refs.bib preprint published\n:::"))
    assert [(work.key, work.arxiv, plain(work.venue)) for work in works] == [
        ("published", "2210.14586v2", "In Proc. of X, 1–9")
    ]


def test_arxiv_numbers_are_found_wherever_they_stand_and_addresses_stay_as_written() -> None:
    assert one("old").href == "https://arxiv.org/abs/2203.13729"
    assert one("linked").href == "http://example.org/?a=1&b=2_c"


def test_the_list_is_grouped_by_year_newest_first() -> None:
    groups = shown(issue_with("::: publications refs.bib\n:::"))
    assert [heading for heading, _ in groups] == ["2022", "2020", "1800"]
    assert [work.key for work in groups[0][1]] == ["published", "adler"]


@pytest.mark.parametrize("language", ["en", "de-AT", "fr"])
def test_the_list_is_grouped_by_type_in_the_issues_language(language: str) -> None:
    issue = issue_with("::: publications refs.bib group=type\n:::", front=f"title: T\nsubject: S\nlanguage: {language}")
    headings = [heading for heading, _ in shown(issue)]
    assert headings[0] == {"en": "Journal articles", "de-AT": "Zeitschriftenartikel", "fr": "Articles"}[language]
    assert len(headings) == 4


def test_the_programmes_own_authors_stand_in_bold() -> None:
    (_, works), *_ = shown(issue_with("::: publications refs.bib adler\nhighlight: schonlieb, Arridge\n:::"))
    assert [plain(part.children) for part in works[0].authors if isinstance(part, Span)] == [
        "C.-B. Schönlieb",
        "S. R. Arridge",
    ]


def test_keys_keep_their_order_and_may_stand_in_the_body() -> None:
    for text in (
        "::: publications refs.bib thesis, adler\n:::",
        "::: publications refs.bib\nkeys: thesis adler\n:::",
        "::: publications refs.bib\n- thesis\n- @adler\n:::",
    ):
        assert [work.key for work in shown(issue_with(text))[0][1]] == ["thesis", "adler"]


@pytest.mark.parametrize(
    ("bib", "line", "part"),
    [
        ("@misc{a, title={x}, author={y}, year=2020}\n\n@misc{a, title={z}, author={y}, year=2020}", 3, "stands twice"),
        ("\n@misc{a, title={x}\n@misc{b, title={y}, author={z}, year=2020}", 2, "broken"),
        ("@misc{b, title={y}, author={z}, year=2020}\n@misc{a, title={unclosed", 2, "not closed"),
        ("@misc{b, title={y}, title={w}, author={z}, year=2020}", 1, "twice"),
        ("@misc{b, author={z}, year=2020}", 1, "no title"),
        ("@misc{b, title={z}, author={y}}", 1, "no year"),
        ("@misc{b, title={z}, year=2020}", 1, "no author"),
        ("@misc{b, title={z}, author={y}, year=2020, doi={nonsense}}", 1, "DOI"),
        ('@misc{b, title="q" author="z", year=2020}', 1, "comma"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(bib: str, line: int, part: str) -> None:
    found = [
        finding for finding in issue_with("::: publications refs.bib\n:::", bib).findings if part in finding.message
    ]
    assert [(finding.place.file, finding.place.line) for finding in found] == [("refs.bib", line)]


def test_missing_files_keys_and_wrong_options_are_named() -> None:
    for text, part in (
        ("::: publications\n:::", "names no file"),
        ("::: publications none.bib\n:::", "no file none.bib"),
        ("::: publications ../refs.bib\n:::", "no file"),
        ("::: publications refs.bib nobody\n:::", "no entry nobody"),
        ("::: publications refs.bib group=colour\n:::", "cannot be colour"),
    ):
        (finding,) = issue_with(text).findings
        assert part in finding.message
        assert (finding.place.file, finding.place.line, finding.level) == ("issue.md", 6, "error")


def test_a_file_that_is_not_utf8_is_named_and_read() -> None:
    content = "@misc{a, title={Zoë}, author={y}, year=2020}".encode("latin-1")
    issue = read_files(
        StoredFiles({"issue.md": b"---\nsubject: S\n---\n::: publications refs.bib\n:::", "refs.bib": content})
    )
    assert plain(shown(issue)[0][1][0].title) == "Zoë"
    assert "not UTF-8" in issue.findings[0].message


def test_the_samples_bibliography_is_without_fault() -> None:
    sample = Path(__file__).parents[3] / "templates" / "sample"
    issue = read_issue(sample)
    assert [finding for finding in issue.findings if finding.code == "bibliography"] == []
    lists = [block for block in issue.blocks if isinstance(block, Publications)]
    assert max(sum(len(works) for _, works in block.groups) for block in lists) >= 30


def test_a_value_without_braces_is_named_at_its_line_and_an_ampersand_stays() -> None:
    entries, findings = read_entries(
        '@string{jml = "J. Mach."}\n@article{a, title={Signals & Systems 50% {\\&} more}, author={A B},\n'
        'year=2020, month=jan, note=jml,\njournal=nope,\npublisher = "q" # jml}\n',
        "refs.bib",
    )
    assert [(finding.place.line, finding.message.split(";")[0]) for finding in findings] == [
        (4, "journal = nope is no @string of this file"),
    ]
    assert entries["a"].value("publisher") == "qJ. Mach."
    entry = entries["a"]
    assert plain(rich(entry.value("title"), entry.place)) == "Signals & Systems 50% & more"


MESSY = r"""@string{jmlr = "J. of Machine Learning"}
@string(siam = {SIAM J.})
@article{joined, title={T}, author={Z, A}, journal = JMLR # { (Special} # " Issue)", year = 2020, month = 10 # "~" # jan}
@article{not, title={T}, author={Z, A}, journal = jmlr # nowhere, year = 2020}
@inbook{child, crossref = {Parent}, title = {A chapter}, author = {Lee, K.}}
@book{parent, title = {The Book}, editor = {Ed, I.}, publisher = {Springer}, year = 2018, booktitle = {The Book}, doi = {10.1000/1}}
@inproceedings{orphan, crossref = {none}, title = {O}, author = {Z, A}, year = 2020}
@article{atlas, author = "Aad, Georges and others", collaboration = "ATLAS", title = "{Observation of X}", journal = "PLB", year = "2012"}
@article{tags, title={\textless{}i\textgreater{}E. coli\textless{}/i\textgreater{} in CO<sub>2</sub>, $a<b$ \textless{}data\textgreater}, author={Z, A}, journal=siam, year=2020}
"""


def test_texts_are_joined_parents_lend_their_fields_and_other_systems_tags_go() -> None:
    entries, findings = read_entries(MESSY, "refs.bib")
    assert entries["joined"].value("journal") == "J. of Machine Learning (Special Issue)"
    assert [(entries["child"].value(name)) for name in ("booktitle", "year", "publisher", "doi")] == [
        "The Book",
        "2018",
        "Springer",
        "",
    ]
    assert [(finding.place.line, finding.message.split(";")[0]) for finding in findings] == [
        (4, "journal = jmlr # nowhere is no @string of this file"),
        (7, "orphan has the crossref none, which is not in this file"),
    ]
    issue = issue_with("::: publications refs.bib\n:::", MESSY)
    works = {work.key: work for _, group in shown(issue) for work in group}
    assert plain(works["atlas"].authors) == "G. Aad et al. (ATLAS Collaboration)"
    assert plain(works["tags"].title) == "E. coli in CO2, a<b <data>"
    assert plain(works["parent"].venue) == "Springer"
    assert plain(works["child"].venue) == "In The Book"


def test_journals_as_commands_and_names_in_parts_are_read_as_ads_and_zotero_mean_them() -> None:
    bib = r"""
@article{ads, author = {{Roe}, J.}, title = {Ads}, journal = {\apj}, volume = 9, year = 2020}
@article{own, author = {Roe, J.}, title = {Own}, journal = {\ourjournal}, volume = 9, year = 2020}
@online{zotero, title = {Zotero}, date = {2024-10-10}, url = {https://x.org},
  author = {Roe, Jo and family=Hogarth, given=Ian, prefix=de, useprefix=true}}
@thesis{thesis, type = {phdthesis}, author = {Roe, J.}, title = {Thesis}, date = {2019}, institution = {Bonn}}
"""
    issue = issue_with("::: publications refs.bib\n:::", bib)
    found = {entry.key: entry for _, entries in shown(issue) for entry in entries}
    assert plain(found["ads"].venue).startswith("Astrophysical Journal 9")
    assert plain(found["zotero"].authors) == "J. Roe, I. de Hogarth"
    assert plain(found["thesis"].venue).startswith("PhD thesis, Bonn")
    assert [(str(finding.place), finding.code) for finding in issue.findings] == [("refs.bib:3:1", "bibliography")]

"""Who sees what."""

from mailer.content import Issue, StoredFiles, plain, read_files, select
from mailer.content.issue import Block, Blocks, Columns, FootnoteRef, Footnotes, List
from mailer.content.select import kept
from mailer.content.walk import all_blocks, all_inlines, inlines_of


def read(text: str) -> Issue:
    return read_files(StoredFiles({"issue.md": f"---\nsubject: S\ntitle: T\n---\n{text}".encode()}))


def words(blocks: Blocks) -> list[str]:
    return [plain(run) for block in all_blocks(blocks) for run in inlines_of(block) if run]


TEXT = """
# One

For all.

::: audience academic
## Academic

Only academic[^a].
:::

## Mixed

::: audience industry
Only industry[^b].
:::

## Never filled

::: columns
left

+++

::: audience academic
right
:::
:::

- ::: audience industry
  item
  :::
- other

::: note
::: audience academic
inside
:::
:::

End[^c].

[^a]: Note a
[^b]: Note b, see[^a]
[^c]: Note c
"""


def test_each_reader_sees_what_is_for_them() -> None:
    issue = read(TEXT)
    assert words(select(issue, frozenset())) == ["One", "For all.", "Never filled", "left", "other", "End.", "Note c"]
    assert words(select(issue, frozenset({"academic"}))) == [
        "One", "For all.", "Academic", "Only academic.", "Never filled", "left", "right", "other", "inside", "End.", "Note a", "Note c",
    ]  # fmt: skip
    both = select(issue, frozenset({"academic", "industry"}))
    assert words(both) == words(issue.blocks)


def test_a_heading_that_loses_its_content_goes_and_one_that_never_had_any_stays() -> None:
    blocks = select(read("## A\n\n### B\n\n::: audience x\ny\n:::\n\n## Empty\n\n## C\n\nz"), frozenset())
    assert words(blocks) == ["Empty", "C", "z"]


def test_footnotes_are_numbered_anew() -> None:
    issue = read(TEXT)
    for audiences, numbers, notes in (
        (frozenset(), [1], ["Note c"]),
        (frozenset({"industry"}), [1, 2, 3], ["Note b, see", "Note c", "Note a"]),
        (frozenset({"academic"}), [1, 2], ["Note a", "Note c"]),
    ):
        blocks = select(issue, audiences)
        found = [inline.number for _, inline in all_inlines(blocks) if isinstance(inline, FootnoteRef)]
        assert found == numbers
        (footnotes,) = [block for block in blocks if isinstance(block, Footnotes)]
        assert [words(item)[0] for item in footnotes.items] == notes


def test_nothing_empty_is_left_behind() -> None:
    blocks = select(read(TEXT), frozenset())
    assert all(all(column for column in block.columns) for block in blocks if isinstance(block, Columns))
    assert all(all(item for item in block.items) for block in blocks if isinstance(block, List))


def test_each_block_is_asked_for_once_however_deep_it_stands() -> None:
    issue = read("\n".join(f"{'  ' * level}- level {level}" for level in range(40)))
    asked: list[Block] = []

    def wanted(block: Block) -> Block:
        asked.append(block)
        assert len(asked) <= 80, "a list in a list is gone through again on every level"
        return block

    assert kept(issue.blocks, wanted) == issue.blocks
    assert len(asked) == len(list(all_blocks(issue.blocks)))

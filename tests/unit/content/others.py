"""Newsletters and notes as other systems write them."""

JEKYLL = """---
layout: post
title: "Weekly no. 12"
date: 2024-03-01 10:00:00 +0100
---
* TOC
{:toc}

See [the docs]({{ site.baseurl }}/docs/).

{% highlight ruby linenos %}
def foo
  puts 'foo'
end
{% endhighlight %}

Noticed.
{: .notice--info}

{::comment}
not for readers
{:/comment}

*[HTML]: Hyper Text Markup Language

Math: \\\\(a_1+b\\\\) here.
"""
MATHJAX = r"""# Seminar

A function \(f\) with \(|f(x)| < 3\) and \(n = 2\). Thus \[a = b\].

\[
x
- y
+ \frac{1}{2}
\]

> \[ E = mc^2 \]

|   a    | b |
|--------|---|
| \(|x|\) | y |

In \[1\] and \[sic\], as \(see there\) of Miller \[2020\], [text]\(not a link\), \[a link\](https://example.org).
"""
HUGO = """+++
title = "Monthly"
date = 2024-05-01T09:00:00Z
+++
{{< figure src="cat.png" alt="A cat asleep" title="Our cat" >}}

{{< youtube w7Ft2ymGmfc >}}

{{% notice note %}}
Inside a notice.
{{% /notice %}}

{{< highlight go "linenos=table" >}}
fmt.Println("hi")
  indented()
{{< /highlight >}}

## Heading {#custom-id .class}
"""
FRANKLIN = """@def title = "News in Julia"

\\newcommand{\\R}{\\mathbb{R}}
\\tableofcontents

With $x \\in \\R$.

@@colbox
In a **box**.
@@

\\fig{/assets/plot.png}

\\output{./code/ex1}

$$ a = b \\label{eq:1} $$

As \\eqref{eq:1} says.
"""
PANDOC = """% The title
% The Author

# Intro {#intro}

A [link](https://example.org/x){target=_blank} and [small caps]{.smallcaps}.

::: {.center}
Centred words.
:::

H~2~O and 2^10^.
"""
QUARTO = """---
title: Letter
format: html
---
::: {.callout-tip title="Try it"}
Words of the tip.
:::

::: {.callout-warning}
## Expand me
Warned.
:::

:::: {.columns}
::: {.column width="40%"}
Left
:::
::: {.column width="60%"}
Right
:::
::::

::: {#fig-panel layout-ncol=2}
Panel words.
:::
"""
OBSIDIAN = """# My vault

See [[Some Note]], [[Other|another one]] and ![[photo.png|300]].

> [!info] Good to know
> Contents
> - an item

==marked== words %%a comment%% here

%%
hidden
%%

- [ ] [Issue](https://example.org/1)
- [x] done
"""
GITHUB = """## What's Changed
* Fix by @octocat in https://github.com/o/r/pull/1

> [!WARNING]
> Urgent words.

| Left | Right |
|:--|--:|
| a \\| b | `c|d` |

<details><summary>More</summary>

hidden *words*

</details>
"""
SUBSTACK = """# A letter

Hello *|FNAME|* and {{ subscriber.name }}!

![A cat](pic.png "Our cat")
Fig. 3: The caption.
"""
MKDOCS = """# Guide

!!! note "Mind this"
    Words of the note.

    - an item

    ```python
    x = 1
    ```

??? Warning
    Folded words.

=== "First tab"

    Tabbed words.

After all.

!!! exclaimed without a body
"""
MYST = """# Guide

```{admonition} Read me
Words *inside* here.
```

```{danger}
Sharp.
```

```{code-block} python
y = 2
```

See ![a plot](x.png){#fig:one width=50%} and []{#mark .anchor}done. ^a1b2c3
"""
OTHERS = {
    "mkdocs": MKDOCS, "myst": MYST,
    "jekyll": JEKYLL, "mathjax": MATHJAX, "hugo": HUGO, "franklin": FRANKLIN, "pandoc": PANDOC, "quarto": QUARTO, "obsidian": OBSIDIAN,
    "github": GITHUB, "substack": SUBSTACK,
}  # fmt: skip

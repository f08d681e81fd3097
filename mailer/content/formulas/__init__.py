"""Formulas: from TeX in Markdown to pictures, words, MathML and plain characters."""

"""The checker: the rules about what is written, a module a matter, and the codes of all findings."""

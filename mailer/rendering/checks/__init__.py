"""The checker: the rules about the compiled letters."""

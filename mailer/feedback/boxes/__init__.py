"""The kinds of bounce mailbox, each with the same few verbs: what is waiting, read it, mark it."""

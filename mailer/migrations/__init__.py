"""The migrations of the schema, one file a change, numbered from the first."""

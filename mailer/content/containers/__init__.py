"""The `:::` containers: what each is made of."""

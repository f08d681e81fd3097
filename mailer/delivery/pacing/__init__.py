"""How fast: rates and days shared by all workers, and the pace that each recipient domain bears."""

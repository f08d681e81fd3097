"""Whoever does the work of the queue: the jobs, and the Celery workers that run them."""

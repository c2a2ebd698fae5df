"""Exercise 4: warmup and cosine, a warmup before any schedule, Adam's first updates, libraries."""

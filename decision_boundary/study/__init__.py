"""Exercise 3's experiments: each script writes its own figure and numbers."""

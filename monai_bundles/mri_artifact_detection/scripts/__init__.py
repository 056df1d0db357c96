"""Training, evaluation and sealing of this bundle."""

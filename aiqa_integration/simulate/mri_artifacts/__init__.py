"""Artifacts of MRI with known truth: drawn, stored, replayed; each on the complex object or its k-space."""

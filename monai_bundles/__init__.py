"""MONAI bundles that ship with AIQA, one folder each."""

"""MRI artifacts: which series can be looked at, what the network is given, and what its answers mean."""

"""Boosted decision trees as a torch module, so that a bundle's graph may hold them beside networks of MONAI."""

import torch


class BoostedTrees(torch.nn.Module):
    """Sums of complete binary trees over input channels, one sum for each output; no tree is trained here.

    ``place[output, tree, node]`` is the channel that a node asks for and ``limit`` the value above which it goes right;
    nodes are numbered level by level, the children of node n being 2n + 1 and 2n + 2. ``leaf`` holds what the tree adds
    at each end from left to right, ``start`` what an output begins with.
    """

    place: torch.Tensor
    limit: torch.Tensor
    leaf: torch.Tensor
    start: torch.Tensor

    def __init__(self, in_channels: int, out_channels: int, *, trees: int, depth: int) -> None:
        super().__init__()
        self.in_channels, self.depth = in_channels, depth
        nodes = 2**depth - 1
        self.register_buffer("place", torch.zeros((out_channels, trees, nodes), dtype=torch.int16))
        self.register_buffer("limit", torch.full((out_channels, trees, nodes), float("inf")))
        self.register_buffer("leaf", torch.zeros((out_channels, trees, nodes + 1)))
        self.register_buffer("start", torch.zeros(out_channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``[n, output]`` of ``[n, channel]``."""
        outputs, trees, nodes = self.place.shape
        right = x[:, self.place.long().flatten()] > self.limit.flatten()
        right = right.view(len(x), outputs * trees, nodes)
        node = torch.zeros((len(x), outputs * trees, 1), dtype=torch.long)
        for _ in range(self.depth):
            node = 2 * node + 1 + right.gather(2, node).long()
        leaf = self.leaf.view(1, outputs * trees, nodes + 1).expand(len(x), -1, -1)
        said = leaf.gather(2, node - nodes).view(len(x), outputs, trees)
        return said.sum(dim=2) + self.start

"""Networks with their batch normalisations folded into the convolutions before them: one pass less over each map."""

import torch
from torch.fx import GraphModule, Node, symbolic_trace
from torch.fx.proxy import TraceError
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: torch.nn.Module) -> torch.nn.Module:
    """Return a network in evaluation with what can be folded; the network itself where its graph isn't told."""
    if not any(isinstance(module, _BatchNorm) for module in network.modules()):
        return network
    try:
        traced = symbolic_trace(network)
    except (TraceError, TypeError, RuntimeError):  # its way depends on what it is given
        return network
    for node in list(traced.graph.nodes):
        _fold(traced, node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


def _fold(traced: GraphModule, node: Node) -> None:
    """Fold a node into the one before it, where they are a normalisation and the convolution that it alone follows."""
    before = node.args[0] if node.op == "call_module" and node.args else None
    if not isinstance(before, Node) or before.op != "call_module" or len(before.users) != 1:
        return
    convolution, normalisation = (traced.get_submodule(str(one.target)) for one in (before, node))
    if isinstance(convolution, _ConvNd) and isinstance(normalisation, _BatchNorm):
        transposed = isinstance(convolution, _ConvTransposeNd)
        traced.set_submodule(str(before.target), fuse_conv_bn_eval(convolution, normalisation, transposed))
        node.replace_all_uses_with(before)
        traced.graph.erase_node(node)

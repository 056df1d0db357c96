import torch

from aiqa_integration.infer.folding import folded


def _settled(network: torch.nn.Module) -> torch.nn.Module:
    """Return a network in evaluation whose normalisations do something."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
    return network.eval()


def _normalisations(network: torch.nn.Module) -> int:
    return sum(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


class Twice(torch.nn.Module):
    """A convolution that is also seen without its normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.normalisation = torch.nn.Conv2d(2, 2, 3), torch.nn.BatchNorm2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.convolution(x)
        return found + self.normalisation(found)


class Asking(torch.nn.Module):
    """A network whose way depends on what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.normalisation = torch.nn.BatchNorm2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.normalisation(x) if x.mean() > 0 else x


def test_normalisations_after_convolutions_are_folded_and_answers_stay():
    network = _settled(
        torch.nn.Sequential(
            torch.nn.Conv2d(2, 4, 3),
            torch.nn.BatchNorm2d(4),
            torch.nn.ReLU(),
            torch.nn.ConvTranspose2d(4, 6, 3, stride=2, bias=False),
            torch.nn.BatchNorm2d(6),
            torch.nn.ReLU(),
            torch.nn.BatchNorm2d(6),
        )
    )
    given, found = torch.rand(3, 2, 16, 16), folded(network)
    assert (_normalisations(network), _normalisations(found)) == (3, 1)
    assert torch.allclose(found(given), network(given), atol=1e-5)


def test_what_else_looks_at_a_convolution_keeps_it():
    network = _settled(Twice())
    given = torch.rand(3, 2, 9, 9)
    assert torch.allclose(folded(network)(given), network(given), atol=1e-6)


def test_a_network_without_a_fixed_graph_or_a_normalisation_stays_itself():
    for network in (_settled(Asking()), torch.nn.Conv2d(1, 1, 3).eval()):
        assert folded(network) is network

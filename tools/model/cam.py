# SPDX-License-Identifier: Apache-2.0
"""Class activation maps (Zhou et al. 2016): the places on which a classifier bases its answer.

If a network averages its last feature map over the image and ends with one linear layer, this layer
can be applied to each place instead: the mean over the places is the network's output. So the
heatmap explains the score exactly, at the size of the last feature map.
"""
from typing import Optional, Tuple

import torch
from torch import nn
from torch.nn import functional as F


class Split(nn.Module):
    """The network up to the last feature map, and the linear layer behind the average."""

    def __init__(self, features: nn.Module, linear: nn.Linear, relu: bool):
        super().__init__()
        self.features, self.relu = features, relu
        self.register_buffer("weight", linear.weight.detach()[:, :, None, None].clone())
        self.register_buffer("bias", linear.bias.detach().clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits for each place [N, K, h, w]."""
        features = self.features(x)
        if self.relu:
            features = F.relu(features)
        return F.conv2d(features, self.weight, self.bias)


def last_linear(head: nn.Module) -> Optional[nn.Linear]:
    if isinstance(head, nn.Linear):
        return head
    layers = [layer for layer in head.modules() if isinstance(layer, nn.Linear)]
    return layers[0] if len(layers) == 1 else None


def split(net: nn.Module) -> Optional[Split]:
    """Splits DenseNet, ResNet, EfficientNet, MobileNet and similar; None for other heads."""
    if hasattr(net, "layer4") and isinstance(getattr(net, "fc", None), nn.Linear):
        names = [name for name, _ in net.named_children() if name not in ("avgpool", "fc")]
        return Split(nn.Sequential(*[getattr(net, name) for name in names]), net.fc, False)
    head = getattr(net, "classifier", None)
    linear = last_linear(head) if head is not None else None
    if hasattr(net, "features") and linear is not None:
        # DenseNet applies its last ReLU outside of `features`; the others have it inside.
        return Split(net.features, linear, isinstance(head, nn.Linear))
    return None


def agrees(net: nn.Module, parts: Split, example: torch.Tensor) -> bool:
    """Whether the split network gives the same output as the whole one."""
    with torch.no_grad():
        whole, mean = net(example), parts(example).mean(dim=[2, 3])
    return whole.shape == mean.shape and bool(torch.allclose(whole, mean, rtol=1e-3, atol=1e-3))


class Classifier(nn.Module):
    """Turns logits into scores, and into heatmaps if the network could be split."""

    def __init__(self, net: nn.Module, parts: Optional[Split], exclusive: bool):
        super().__init__()
        self.net = net if parts is None else parts
        self.with_heat, self.exclusive = parts is not None, exclusive

    def share(self, logits: torch.Tensor) -> torch.Tensor:
        return torch.softmax(logits, dim=1) if self.exclusive else torch.sigmoid(logits)

    def forward(self, x: torch.Tensor):
        logits = self.net(x)
        if not self.with_heat:
            return self.share(logits)
        return self.share(logits.mean(dim=[2, 3])), self.share(logits)


def traced(net: nn.Module, example: torch.Tensor) -> torch.jit.ScriptModule:
    """TorchScript that accepts any number of images and gives the same output as the network."""
    net = net.eval()
    with torch.no_grad():
        script = torch.jit.trace(net, example[:2], check_trace=False)
        for images in (example[:1], example[:3]):
            for ours, theirs in zip(parts_of(script(images)), parts_of(net(images))):
                if not torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4):
                    raise SystemExit("the network cannot be traced: its flow depends on the image")
    return script


def parts_of(answer) -> Tuple[torch.Tensor, ...]:
    return answer if isinstance(answer, tuple) else (answer,)

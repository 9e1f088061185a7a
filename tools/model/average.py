# SPDX-License-Identifier: Apache-2.0
"""A running mean of a network's weights; it generalises better than the last step's."""
import copy

import torch
from torch import nn


class Average:
    def __init__(self, net: nn.Module, keep: float = 0.996):
        self.net = copy.deepcopy(net).eval()
        self.keep = keep

    @torch.no_grad()
    def follow(self, net: nn.Module, step: int) -> None:
        keep = min(self.keep, (1 + step) / (10 + step))
        for mine, theirs in zip(self.net.state_dict().values(), net.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs, alpha=1 - keep)
            else:
                mine.copy_(theirs)

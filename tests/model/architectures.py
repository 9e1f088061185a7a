# SPDX-License-Identifier: Apache-2.0
"""DenseNet-121 and ResNet-50 as in their papers and torchvision, with random weights: used to test
converters and to run benchmarks without a download."""
from typing import List

import torch
from torch import nn
from torch.nn import functional as F


class DenseLayer(nn.Module):
    def __init__(self, inputs: int, growth: int):
        super().__init__()
        self.squeeze = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(),
                                     nn.Conv2d(inputs, 4 * growth, 1, bias=False))
        self.grow = nn.Sequential(nn.BatchNorm2d(4 * growth), nn.ReLU(),
                                  nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, self.grow(self.squeeze(x))], dim=1)


class DenseNet121(nn.Module):
    """Huang et al. 2017: `features`, then ReLU, average and `classifier`."""

    def __init__(self, num_classes: int = 18, channels: int = 1, growth: int = 32):
        super().__init__()
        width = 2 * growth
        layers: List[nn.Module] = [nn.Conv2d(channels, width, 7, 2, 3, bias=False),
                                   nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        for block, count in enumerate((6, 12, 24, 16)):
            for _ in range(count):
                layers.append(DenseLayer(width, growth))
                width += growth
            if block < 3:
                layers += [nn.BatchNorm2d(width), nn.ReLU(),
                           nn.Conv2d(width, width // 2, 1, bias=False), nn.AvgPool2d(2, 2)]
                width //= 2
        layers.append(nn.BatchNorm2d(width))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(F.relu(self.features(x)).mean(dim=[2, 3]))


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width))
        self.skip = nn.Sequential() if inputs == 4 * width and stride == 1 else nn.Sequential(
            nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.body(x) + self.skip(x))


class ResNet50(nn.Module):
    """He et al. 2016: `layer1` to `layer4`, then `avgpool` and `fc`."""

    def __init__(self, num_classes: int = 18, channels: int = 3):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, 64, 7, 2, 3, bias=False),
                                  nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        inputs = 64
        for number, (width, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 1):
            blocks = []
            for at in range(count):
                blocks.append(Bottleneck(inputs, width, 2 if at == 0 and number > 1 else 1))
                inputs = 4 * width
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return self.fc(self.avgpool(x).flatten(1))


def densenet121(num_classes: int = 18) -> nn.Module:
    return DenseNet121(num_classes)


def resnet50(num_classes: int = 18) -> nn.Module:
    return ResNet50(num_classes)

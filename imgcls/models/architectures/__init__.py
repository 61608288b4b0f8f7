"""The architectures, a table and a loop each. Importing this package fills the registry."""

from imgcls.models.architectures import (  # noqa: F401  (each fills the table)
    alexnet,
    densenet,
    efficientnet,
    googlenet,
    highway,
    inception,
    lenet,
    mlp,
    mobilenet,
    nin,
    regnet,
    repvgg,
    resnet,
    resnet_cifar,
    vgg,
    xception,
)

"""The architectures, a table and a loop each. Importing this package fills the registry."""

from imgcls.models.architectures import (  # noqa: F401  (each fills the table)
    alexnet,
    densenet,
    efficientnet,
    efficientnet_v2,
    googlenet,
    highway,
    inception,
    lenet,
    mlp,
    mobilenet,
    mobilenet_v4,
    nasnet,
    nin,
    resnet,
    resnet_cifar,
    shufflenet,
    squeezenet,
    vgg,
    xception,
)

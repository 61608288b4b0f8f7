"""A small residual network for pictures of 28 pixels: three convolutions with pooling, and one residual block."""

from imgcls.models import architecture


@architecture("fashion_net", image_size=28, channels=1, num_classes=10)
def fashion_net(net, x):
    for stage, filters in enumerate((32, 64), start=1):
        x = net.conv_norm_act(x, filters, 3, name=f"stage{stage}")
        x = net.max_pool(x, 2, 2, name=f"stage{stage}_pool")
    x = shortcut = net.conv_norm_act(x, 128, 3, name="stage3")
    for number in (1, 2):
        x = net.conv_norm_act(x, 128, 3, name=f"stage3_block1_{number}")
    return net.add(shortcut, x, name="stage3_block1")

"""A small residual network for images of 28 pixels: a residual block on 14 by 14 pixels, and one on 7 by 7."""

from imgcls.models import architecture


@architecture("fashion_net", image_size=28, channels=1, num_classes=10)
def fashion_net(net, x):
    x = net.conv_norm_act(x, 32, 3, name="stem")
    for stage, filters in enumerate((64, 128), start=1):
        x = net.max_pool(x, 2, 2, name=f"stage{stage}_pool")
        x = branch = net.conv_norm_act(x, filters, 3, name=f"stage{stage}")
        for number in (1, 2):
            branch = net.conv_norm_act(branch, filters, 3, name=f"stage{stage}_block1_{number}")
        x = net.add(x, branch, name=f"stage{stage}_block1")
    return x

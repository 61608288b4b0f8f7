"""The architectures that can be trained."""


def names() -> list[str]:
    """Of all of them."""
    from imgcls.models import list_models

    return list_models()


def imagenet_names() -> list[str]:
    """Of those with published ImageNet weights; first the one whose weights are installed with us."""
    from imgcls.models import find_architecture, list_models
    from imgcls.training.auto_settings import PHOTO_MODEL

    found = [name for name in list_models() if "imagenet" in find_architecture(name).weights]
    return sorted(found, key=lambda name: name != PHOTO_MODEL)

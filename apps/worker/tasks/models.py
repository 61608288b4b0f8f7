"""The architectures that can be trained."""


def names() -> list[str]:
    """Of all of them."""
    from imgcls.models import list_models

    return list_models()

"""Which file or project a name means, and its architecture."""

from imgcls.models.registry import KERAS_FILE, Architecture


def foreign_architecture(name: str) -> Architecture:
    """The architecture of a .keras file, or of a model of a project, as `imgcls.models.registry.is_foreign` knows them.

    Raises:
        ValueError: If there is no such model, or if it cannot be used.
        FileNotFoundError: If there is no such file.
    """
    project, _, model = name.partition(":")
    if name.endswith(KERAS_FILE):
        from imgcls.models.foreign.keras_archive import architecture_of_file

        return architecture_of_file(name)
    if project == "keras_applications":
        from imgcls.models.foreign.applications import architecture_of_application

        return architecture_of_application(model)
    if project == "keras_cv":
        from imgcls.models.foreign.keras_cv_backbones import architecture_of_backbone

        return architecture_of_backbone(model)
    from imgcls.models.foreign.keras_hub_presets import architecture_of_preset

    return architecture_of_preset(model)

"""Every augmentation layer of keras-cv and Keras, as a text that changes images of a size."""

HUES = "keras_cv.RandomHue(factor=0.5), keras_cv.RandomFlip"
KERAS_CV = {
    "AugMix": "", "Augmenter": f"([{HUES}])", "AutoContrast": "", "ChannelShuffle": "", "Equalization": "",
    "Grayscale": "(output_channels=3)", "GridMask": "",
    "JitteredResize": "(target_size=({size}, {size}), scale_factor=(0.8, 1.25))", "Posterization": "(bits=3)",
    "RandAugment": "", "RandomApply": "(keras_cv.RandomHue(factor=0.5))",
    "RandomAugmentationPipeline": f"([{HUES}], augmentations_per_image=2)", "RandomBrightness": "(0.3)",
    "RandomChannelShift": "(factor=0.3)", "RandomChoice": f"([{HUES}])", "RandomColorDegeneration": "(0.5)",
    "RandomColorJitter": "(brightness_factor=0.3, contrast_factor=0.3, saturation_factor=0.3, hue_factor=0.1)",
    "RandomContrast": "(factor=0.3)",
    "RandomCropAndResize":
        "(target_size=({size}, {size}), crop_area_factor=(0.5, 1.0), aspect_ratio_factor=(0.8, 1.25))",
    "RandomCutout": "(0.3, 0.3)", "RandomFlip": "", "RandomGaussianBlur": "(kernel_size=5, factor=(0.5, 2.0))",
    "RandomHue": "(factor=0.3)", "RandomJpegQuality": "((10, 80))", "RandomRotation": "(0.1)",
    "RandomSaturation": "((0.2, 0.4))", "RandomSharpness": "(0.5)", "RandomShear": "(0.2, 0.2)",
    "RandomTranslation": "(0.2, 0.2)", "RandomZoom": "(0.3)", "Solarization": "",
}  # fmt: skip
KERAS = {
    "AutoContrast": "", "ContrastLimitedAdaptiveHistogramEqualization": "", "Equalization": "",
    "Pipeline": "([keras.RandomHue(0.5), keras.RandomFlip])", "RandAugment": "", "RandomBrightness": "(0.3)",
    "RandomColorDegeneration": "(0.5)",
    "RandomColorJitter": "(brightness_factor=0.3, contrast_factor=0.3, saturation_factor=0.3, hue_factor=0.1)",
    "RandomContrast": "(0.3)", "RandomElasticTransform": "(scale=0.5)", "RandomErasing": "", "RandomFlip": "",
    "RandomGaussianBlur": "(kernel_size=5)", "RandomGrayscale": "", "RandomHue": "(0.3)", "RandomInvert": "",
    "RandomPerspective": "", "RandomPosterization": "(3)", "RandomRotation": "(0.1)", "RandomSaturation": "(0.5)",
    "RandomSharpness": "(0.5)", "RandomShear": "(0.3, 0.3)", "RandomTranslation": "(0.2, 0.2)", "RandomZoom": "(0.3)",
    "Solarization": "(addition_factor=0.2, threshold_factor=0.5)",
}  # fmt: skip
FIXED = {"AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Equalization", "Grayscale", "Posterization"}
SIDES = "({size}, {size})"
NO_CHANGE = {  # take one size alone: that of the images, of which nothing changes then
    "keras_cv.RandomCrop": SIDES, "keras_cv.Resizing": SIDES, "keras.RandomCrop": SIDES, "keras.Resizing": SIDES,
    "keras.CenterCrop": SIDES,
}  # fmt: skip
NEVER = {  # are refused at every size
    "keras_cv.RandomAspectRatio": "((0.8, 1.2))",
    "keras_cv.Rescaling": "(scale=0.0039)",
    "keras.AugMix": "",
}
WORKING = {f"keras_cv.{name}": text for name, text in KERAS_CV.items()} | {
    f"keras.{name}": text for name, text in KERAS.items()
}


def text_of(name: str, size: int) -> str:
    """The layer of a name, for images of a size."""
    return name + (WORKING | NO_CHANGE | NEVER)[name].replace("{size}", str(size))

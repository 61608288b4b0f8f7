"""The options of a run: frozen dataclasses that flags, TOML files and the app's form are made from.

The comment behind a field is its help text.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from imgcls.metrics import METRICS
from imgcls.named_layer import parse_layer

AUTO = 0  # of a number that is settled when the data is known
WholeOrAuto = Annotated[
    int,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="auto|INT",
        instance_from_str=lambda words: AUTO if words[0] == "auto" else int(words[0]),
        is_instance=lambda value: isinstance(value, int),
        str_from_instance=lambda value: ["auto" if value == AUTO else str(value)],
    ),
]
NumberOrAuto = Annotated[
    float,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="auto|FLOAT",
        instance_from_str=lambda words: float(AUTO if words[0] == "auto" else words[0]),
        is_instance=lambda value: isinstance(value, int | float),
        str_from_instance=lambda value: ["auto" if value == AUTO else str(value)],
    ),
]

Color = Literal["auto", "rgb", "grayscale"]
Normalization = Literal["batch", "group", "layer", "channel", "none"]
Plan = Literal["auto", "head", "features", "patches", "last_blocks", "all", "scratch"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
PixelDtype = Literal["auto", "float32", "uint8"]
Boxes = Literal["single", "largest", "crop", "multi_label"]
Task = Literal["auto", "single_label", "multi_label"]
Preprocessed = Literal["0-1", "plus-minus-1", "imagenet", "caffe", "0-255", "own"]
Agreement = Literal["auto", "majority", "majority_then_skill", "weighted_majority", "dawid_skene", "none"]


@dataclass(frozen=True)
class LabelsConfig:
    """How the files of a labelling tool become examples for a classifier."""

    format: str | None = None  # annotation format, such as coco, yolo or label_studio; found by content if not given
    images: str | None = None  # folder of the images, if it is not the folder of the annotations
    unpack_to: str | None = None  # folder for images inside other files (IDX, CIFAR, TFRecord, LabelMe); else a cache
    boxes: Boxes = "single"  # example: image of one class, image by its largest box, each box cut out, or all classes
    box_margin: float = 0.0  # margin of a crop around its box on each side, as a share of the box's sides
    min_box_side: int = 1  # pixels; boxes with a shorter side are left out
    negatives: bool = False  # images without annotations have none of the classes (multi_label); else they are left out
    rename: str | None = None  # CSV file with the columns from, to: classes are renamed, merged, or dropped (empty to)
    consensus: Agreement = "auto"  # of several people's answers; auto: majority, which leaves out ties
    golden: str | None = None  # CSV file with the columns image, label: known answers, which score the annotators
    group: str | None = None  # column, or pattern on the path such as '(patient[0-9]+)_': is never divided into splits
    overlay: str | None = None  # CSV file with the columns image, label: corrections, which leave the source as it is

    def __post_init__(self) -> None:
        _check_range("box_margin", self.box_margin, 0.0, 10.0)
        _check_range("min_box_side", self.min_box_side, 1, 100_000)
        if self.box_margin and self.boxes != "crop":
            raise ValueError(f"--box-margin widens crops, and --boxes is {self.boxes}. Add --boxes crop.")
        if self.negatives and self.boxes != "multi_label":
            raise ValueError(
                f"--negatives keeps images without any class, and --boxes {self.boxes} gives each image one. "
                "Add --boxes multi_label."
            )
        if self.golden and self.consensus in ("auto", "none"):
            raise ValueError(
                "--golden scores annotators, so it needs their consensus. Add --consensus weighted_majority."
            )


@dataclass(frozen=True)
class FetchConfig:
    """How images are fetched of which a table holds the addresses."""

    fetch_to: str | None = None  # folder for images that a table names by address; a second call continues
    fetch_megabytes: float = 20.0  # largest size of an image; larger ones are left out
    fetch_seconds: float = 30.0  # longest time for one image, in all
    fetch_at_once: int = 8  # images that are fetched at the same time
    allow_private_addresses: bool = False  # also ask machines of this network

    def __post_init__(self) -> None:
        _check_range("fetch_megabytes", self.fetch_megabytes, 0.001, 10_000)
        _check_range("fetch_seconds", self.fetch_seconds, 0.1, 86_400)
        _check_range("fetch_at_once", self.fetch_at_once, 1, 256)
        if not self.fetch_to and any(getattr(self, each.name) != each.default for each in dataclasses.fields(self)):
            raise ValueError("There is nothing to fetch to. Name a folder for the images with --fetch-to.")


@dataclass(frozen=True)
class InputConfig:
    """Which images, and how they become pixels."""

    data: str = "fashion_mini"  # folder with one folder of images a class, a manifest (.parquet), or a card's name
    overlay: str | None = None  # CSV file with the columns image, label: corrections that are laid over the data
    task: Task = "auto"  # multi_label: an image has several classes, or none; auto: multi_label where the labels do so
    validation_size: float = 0.15  # where the data has no validation split: below 1 a share of each class, else images
    test_size: float = 0.15  # where the data has no test split: below 1 a share of each class, else images in all
    folds: int = 0  # cross-validation: number of folds, each once the validation split; 0: none
    fold: int = 0  # which fold, from 1; 0: each in turn, one run each
    image_size: int = 0  # pixels, square; 0: the images' own where all have one of at most 64, else the model's
    color: Color = "auto"  # auto: grayscale if all images are and the weights allow it
    resize: Literal["crop", "stretch"] = "crop"  # crop: the largest central square; stretch: the whole image
    standardize: bool = True  # each channel by its mean and deviation over the training images; else all to [-1, 1]
    whitening: Literal["none", "pca", "zca"] = "none"  # pca: uncorrelated colours; zca: uncorrelated pixels, if small
    whitening_epsilon: float | None = None  # added to each variance: 0.1 for whole images and 1e-5 for colours if open
    augmentation: Literal["none", "light", "standard", "strong", "rare"] = "light"  # random changes to training images
    augmentation_layers: tuple[str, ...] = ()  # further layers: keras_cv.RandAugment "keras.RandomHue(factor=0.2)"
    cache: Literal["auto", "memory", "disk", "none"] = "auto"  # of decoded images; auto: a quarter of what is free
    pixel_dtype: PixelDtype = "auto"  # of training batches; uint8: rounded, a quarter of the bytes; auto: uint8 to GPUs

    def __post_init__(self) -> None:
        for name in ("validation_size", "test_size"):
            size = getattr(self, name)
            if not (0.01 <= size <= 0.5 or (size >= 1 and size == int(size))):
                raise ValueError(f"{flag(name)} is {size}; expected a share of 0.01 to 0.5, or a number of images.")
        if self.folds:
            _check_range("folds", self.folds, 2, 100)
        _check_range("fold", self.fold, 0, self.folds)
        if self.image_size:
            _check_range("image_size", self.image_size, 16, 1024)
        if self.whitening_epsilon is not None:
            _check_range("whitening_epsilon", self.whitening_epsilon, 0.0, 10.0)
            if self.whitening == "none":
                raise ValueError("--whitening-epsilon goes with --whitening pca or zca, not with --whitening none.")
        object.__setattr__(self, "augmentation_layers", checked_layers(self.augmentation_layers))


def checked_layers(texts: str | Sequence[str]) -> tuple[str, ...]:
    """The texts of `--augmentation-layers` as a tuple. Python's users may give a list, or one text.

    Raises:
        ValueError: One of them names no layer of keras_cv or keras; whether there is such a layer is found out later.
    """
    every = (texts,) if isinstance(texts, str) else tuple(texts)
    for text in every:
        if not isinstance(text, str):
            raise ValueError(f"augmentation_layers has {text!r}; expected texts, such as 'keras_cv.RandAugment'.")
        parse_layer(text)
    return every


def parameter(neutral: float, least: float = 0.0, most: float = 1.0) -> Any:
    """A parameter of an augmentation step: a field of `AugmentationConfig`, which is None unless the user sets it.

    Args:
        neutral: The value with which the step changes nothing, or that matters only while the step is on.
        least: The smallest value allowed.
        most: The largest value allowed.
    """
    return field(default=None, metadata={"neutral": neutral, "range": (least, most)})


@dataclass(frozen=True)
class AugmentationConfig:
    """Data augmentation of the training images. None: the value of the preset in `--augmentation`."""

    horizontal_flip: float | None = parameter(0.0)  # probability that left and right are exchanged
    vertical_flip: float | None = parameter(0.0)  # probability that top and bottom are exchanged
    crop_scale: float | None = parameter(1.0, 0.01, 1.0)  # random resized crop: smallest share of the area, 0.01 to 1
    crop_ratio: float | None = parameter(1.0, 1.0, 4.0)  # random resized crop: largest change of the aspect, 1 to 4
    rotation: float | None = parameter(0.0, 0.0, 180.0)  # largest angle in degrees, to either side
    zoom: float | None = parameter(0.0, 0.0, 0.9)  # largest change of the size, such as 0.2 for 0.8 to 1.2
    affine_probability: float | None = parameter(1.0)  # probability of rotation and zoom
    brightness: float | None = parameter(0.0)  # largest change of the brightness factor, such as 0.2 for 0.8 to 1.2
    contrast: float | None = parameter(0.0)  # largest change of the contrast factor
    saturation: float | None = parameter(0.0)  # largest change of the saturation factor
    hue: float | None = parameter(0.0, 0.0, 0.5)  # largest shift of the hue to either side, in turns, 0 to 0.5
    pca_color: float | None = parameter(0.0)  # shift along the principal components of the colours; 0.1 in AlexNet
    randaugment: int | None = parameter(0, 0, 6)  # operations of RandAugment, 0 to 6
    randaugment_magnitude: float | None = parameter(0.5)  # strength of the operations of RandAugment and AugMix, 0 to 1
    augmix: float | None = parameter(0.0)  # probability of AugMix
    noise: float | None = parameter(0.0, 0.0, 128.0)  # Gaussian noise: largest standard deviation, 0 to 128 of 255
    noise_probability: float | None = parameter(1.0)  # probability of Gaussian noise
    blur: float | None = parameter(0.0, 0.0, 4.0)  # Gaussian blur: largest standard deviation in pixels, 0 to 4
    blur_probability: float | None = parameter(1.0)  # probability of Gaussian blur
    jpeg_quality: int | None = parameter(100, 10, 100)  # JPEG compression: lowest quality, 10 to 100
    jpeg_probability: float | None = parameter(1.0)  # probability of JPEG compression
    random_erasing: float | None = parameter(0.0)  # probability of random erasing: a rectangle of noise
    random_erasing_area: float | None = parameter(0.33, 0.02, 0.8)  # random erasing: largest share of area, 0.02 to 0.8
    gridmask: float | None = parameter(0.0)  # probability of GridMask: a grid of gray squares
    gridmask_ratio: float | None = parameter(0.6, 0.1, 0.9)  # GridMask: visible share of a cell's side, 0.1 to 0.9
    mixup: float | None = parameter(0.0, 0.0, 8.0)  # MixUp: alpha of the Beta distribution, 0 to 8; 0: none
    cutmix: float | None = parameter(0.0, 0.0, 8.0)  # CutMix: alpha of the Beta distribution, 0 to 8; 0: none

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if value is not None:
                _check_range(each.name, value, *each.metadata["range"])


if TYPE_CHECKING:
    BestEpoch = str
else:
    BestEpoch = Literal[("auto", *METRICS)]
Balancing = Literal["auto", "none", "weights", "effective_number", "batch", "sample", "augment", "logits"]


@dataclass(frozen=True)
class BalanceConfig:
    """What is done about classes of different size."""

    balance: Balancing = "auto"  # auto: by the ratio of the largest class to the smallest
    balance_exponent: float | None = None  # of sample and augment: 1 keeps the class shares, 0 makes them equal
    effective_number_beta: float | None = None  # of effective_number: 0 does nothing, close to 1 is like weights
    logit_adjustment: float | None = None  # of logits: factor of the log class shares, 1 by default
    best_epoch: BestEpoch = "auto"  # metric on validation whose best epoch is kept; auto: as --balance decides

    def __post_init__(self) -> None:
        for name, most, modes in (
            ("balance_exponent", 1.0, ("sample", "augment")),
            ("effective_number_beta", 0.999999, ("effective_number",)),
            ("logit_adjustment", 3.0, ("logits",)),
        ):
            value = getattr(self, name)
            if value is not None:
                _check_range(name, value, 0.0, most)
                if self.balance not in modes:
                    expected = " or ".join(f"--balance {mode}" for mode in modes)
                    raise ValueError(f"{flag(name)} goes with {expected}, not with --balance {self.balance}.")


@dataclass(frozen=True)
class NetworkConfig:
    """Which network, and what it starts from."""

    model: str = "auto"  # name, .py or .keras file, keras_applications:NAME, ...; auto: by the images' size
    weights: str = "auto"  # imagenet, own (of a Keras model), none, timm:NAME, or a file; auto: those here come first
    preprocessing: Preprocessed | None = None  # pixels that a Keras model of another project was trained with
    plan: Plan = "auto"  # what is fine-tuned
    unfreeze: int = 0  # blocks, from the last one, that --plan last_blocks fine-tunes; 0: a third of them
    minutes: float = 10.0  # that the choice of a network may take where --model auto has several (IMGCLS_WEIGHTS)
    init_from: str | None = None  # run or .keras file of a shallower network of the same family to start from
    data_format: Literal["channels_last", "channels_first", "auto"] = "channels_last"  # layout inside the network
    activation: str | None = None  # replaces the network's activation, such as elu, prelu or swish
    normalization: Normalization | None = None  # replaces the network's normalization
    pooling: Literal["average", "max", "token"] | None = None  # replaces the network's global pooling
    initializer: str | None = None  # kernel initializer, such as he_normal or glorot_uniform
    regularizer: Literal["l1", "l2", "elastic_net"] | None = None  # kernel regularizer
    regularizer_strength: float = 1e-4  # factor of the kernel regularizer
    dropout: float | None = None  # dropout rate before the head, in place of the network's own
    drop_path: float | None = None  # drop path rate (stochastic depth) of the last residual block
    auxiliary_heads: bool = True  # train the auxiliary classifiers of networks that have them, such as googlenet

    def __post_init__(self) -> None:
        for name in ("dropout", "drop_path"):
            if getattr(self, name) is not None:
                _check_range(name, getattr(self, name), 0.0, 0.95)
        _check_range("regularizer_strength", self.regularizer_strength, 0.0, 1.0)
        _check_range("unfreeze", self.unfreeze, 0, 1000)
        _check_range("minutes", self.minutes, 0.0, 1e6)
        if self.unfreeze and self.plan != "last_blocks":
            raise ValueError(
                f"--unfreeze goes with --plan last_blocks, not with --plan {self.plan}. Add --plan last_blocks."
            )
        if self.regularizer is None and self.regularizer_strength != 1e-4:
            raise ValueError("--regularizer-strength goes with --regularizer. Add --regularizer l2.")
        if self.init_from and self.weights not in ("auto", "none"):
            raise ValueError(
                f"--init-from {self.init_from} and --weights {self.weights} both say what to start from. Choose one."
            )
        if self.plan == "scratch" and self.weights not in ("auto", "none"):
            raise ValueError(f"--plan scratch starts without weights; leave out --weights {self.weights}.")


@dataclass(frozen=True)
class PatchesConfig:
    """What `--plan patches` learns from: squares of the images that show an object, or background."""

    patches_per_image: int = 32  # largest number of patches of an image; half of them, or so, show its objects
    background_share: float = 0.5  # share of these that show background
    patch_filled: float = 0.2  # share of a patch that an object's box covers at the least, where it shows the object
    object_inside: float = 0.6  # share of an object's box that lies inside such a patch at the least
    partial_patches: Literal["background", "leave_out"] = "background"  # what shows a part of an object or two classes
    adaptation_units: int = 0  # units of a hidden layer before the head, trained in epochs; 0: a linear head, fitted

    def __post_init__(self) -> None:
        _check_range("patches_per_image", self.patches_per_image, 2, 10_000)
        _check_range("background_share", self.background_share, 0.01, 0.99)
        _check_range("patch_filled", self.patch_filled, 0.001, 1.0)
        _check_range("object_inside", self.object_inside, 0.01, 1.0)
        _check_range("adaptation_units", self.adaptation_units, 0, 65_536)


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained."""

    epochs: int = 30  # passes over the training images; a fitted head needs none
    batch_size: WholeOrAuto = AUTO  # images a step, over all devices; 0 or auto: 64, less if few images; more on GPUs
    gradient_accumulation_steps: int = 1  # parts of a batch that are computed one after the other, to save memory
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop", "lion"] = "adamw"  # Keras optimizer
    learning_rate: NumberOrAuto = 0.0  # highest of the schedule; 0 or auto: 0.003, and more for batches above 64 images
    find_learning_rate: bool = False  # measure a learning rate first (range test), and use that one
    schedule: Literal["cosine", "constant", "steps", "plateau", "one_cycle", "warm_restarts"] = "cosine"  # of the rate
    warmup_epochs: float = 1.0  # epochs in which the learning rate rises linearly from 0
    momentum: float = 0.9  # of sgd and rmsprop
    nesterov: bool = True  # Nesterov momentum (sgd only)
    weight_decay: float = 0.01  # decoupled weight decay (adamw and lion only)
    backbone_learning_rate_factor: float = 0.1  # fine-tuning: learning rate of the backbone, as a share of the highest
    layer_decay: float = 0.8  # fine-tuning: a block's learning rate, as a share of that of the block after it
    loss: Literal["cross_entropy", "focal"] = "cross_entropy"  # focal: easy images count less
    focal_gamma: float = 2.0  # focusing parameter of the focal loss (focal only)
    label_smoothing: float = 0.0  # share of each label that is spread over all classes; multi_label: over yes and no
    global_clipnorm: float = 0.0  # gradient clipping: largest norm of all gradients together; 0: no clipping
    ema_momentum: float = 0.0  # exponential moving average (EMA) of the weights: decay a step, such as 0.999; 0: no EMA
    early_stopping_patience: int = 0  # early stopping: epochs without improvement on validation; 0: none
    precision: Precision = "auto"  # auto: mixed bfloat16 if fast, else float16 on GPUs that have it
    xla: Literal["auto", "on", "off"] = "auto"  # compile the step with XLA; auto: measured on GPUs, off on CPUs
    steps_per_call: WholeOrAuto = AUTO  # on one device, of TensorFlow; 0 or auto: for 0.2 s; changes no weight
    deterministic: bool | None = None  # the same weights to the bit in every run; by default on CPUs, not on GPUs
    gradient_checkpointing: bool = False  # recompute each block in the backward pass, to save memory
    feature_views: int = 3  # augmented views of each image that the features of a frozen backbone are computed for
    feature_cache_gigabytes: float = 10.0  # largest size of <runs>/.features; the least recently used are removed first
    strategy: Literal["auto", "one_device", "mirrored", "multi_worker"] = "auto"  # auto: all GPUs, all workers
    sync_batch_normalization: bool = True  # batch normalisation over the batch of all devices, not of each by itself
    data_service: str | None = None  # grpc://host:port of a dispatcher (see data_service) whose workers make batches
    mlflow: bool = False  # log the run to MLflow, at MLFLOW_TRACKING_URI
    watch: bool = False  # keep the first filters and some activation maps of each epoch, and draw how they came about
    checkpoint_minutes: float = 10.0  # minutes between checkpoints, besides one at the end of each epoch
    seed: int = 0  # of the weights, the splits, the order and the augmentation

    def __post_init__(self) -> None:
        for name, least, most in TRAINING_RANGES:
            if name != "learning_rate" or self.learning_rate != AUTO:
                _check_range(name, getattr(self, name), least, most)
        if self.batch_size and self.batch_size % self.gradient_accumulation_steps:
            fitting = max(1, self.batch_size // self.gradient_accumulation_steps) * self.gradient_accumulation_steps
            raise ValueError(
                f"--batch-size {self.batch_size} has no {self.gradient_accumulation_steps} equal parts for "
                "--gradient-accumulation-steps; "
                f"choose --batch-size {fitting}."
            )
        address = re.fullmatch(r"grpc://[^/\s]+:(\d{1,5})", self.data_service or "grpc://none:1")
        if not address or not 1 <= int(address[1]) <= 65_535:
            raise ValueError(
                f"--data-service is {self.data_service!r}; expected an address such as grpc://localhost:5050."
            )
        for name, chooser, choices in ONLY_WITH:
            changed = getattr(self, name) != TrainingConfig.__dataclass_fields__[name].default
            if changed and not applies(name, vars(self)):
                raise ValueError(
                    f"--{name.replace('_', '-')} goes with --{chooser} {' or '.join(choices)}, not with --{chooser} "
                    f"{getattr(self, chooser)}. Leave it out, or choose --{chooser} {choices[0]}."
                )
        if self.ema_momentum and not 0.5 <= self.ema_momentum < 1:
            raise ValueError(f"--ema-momentum is {self.ema_momentum}; expected 0, or 0.5 to below 1.")


ONLY_WITH = (  # options that mean something with some choices of another one
    ("momentum", "optimizer", ("sgd", "rmsprop")),
    ("nesterov", "optimizer", ("sgd",)),
    ("weight_decay", "optimizer", ("adamw", "lion")),
    ("focal_gamma", "loss", ("focal",)),
    ("warmup_epochs", "schedule", ("cosine", "constant", "steps", "plateau", "warm_restarts")),
)


def applies(name: str, settings: Mapping[str, object]) -> bool:
    """Whether the option of this name means anything beside the others, which `settings` holds."""
    return all(settings[chooser] in choices for option, chooser, choices in ONLY_WITH if option == name)


TRAINING_RANGES = (
    ("epochs", 1, 100_000),
    ("batch_size", 0, 65_536),
    ("gradient_accumulation_steps", 1, 4096),
    ("learning_rate", 1e-8, 10.0),
    ("steps_per_call", 0, 10_000),
    ("warmup_epochs", 0.0, 1000.0),
    ("momentum", 0.0, 0.9999),
    ("weight_decay", 0.0, 1.0),
    ("backbone_learning_rate_factor", 1e-6, 1.0),
    ("layer_decay", 0.01, 1.0),
    ("focal_gamma", 0.0, 10.0),
    ("label_smoothing", 0.0, 0.9),
    ("global_clipnorm", 0.0, 1e6),
    ("early_stopping_patience", 0, 100_000),
    ("feature_views", 1, 100),
    ("feature_cache_gigabytes", 0.0, 1e6),
    ("checkpoint_minutes", 0.01, 1440.0),
    ("seed", 0, 2**31 - 1),
)


SetMethod = Literal["auto", "lac", "aps", "raps", "class_conditional"]


@dataclass(frozen=True)
class JudgementConfig:
    """When the trained classifier answers, and what it says besides. Fitted to validation images after training."""

    calibrate: bool = True  # fit it; else every image is answered, with probabilities as they are
    answer_precision: float = 0.0  # share of answers that is to be right; 0: answer what is likelier right than wrong
    answer_coverage: float = 0.0  # share of images that is to be answered, in place of answer_precision; 0: no wish
    answer_by_class: bool = False  # the wish is for the answers of each class, not for all answers together
    set_coverage: float = 0.9  # prediction sets: share of images whose class is to be in their set
    set_method: SetMethod = "auto"  # prediction sets: score; auto: the smallest sets of lac, aps and raps
    known_share: float = 0.95  # share of images of known classes that must not be called "none of these"

    def __post_init__(self) -> None:
        if self.answer_precision:
            _check_range("answer_precision", self.answer_precision, 0.5, 0.9999)
        if self.answer_coverage:
            _check_range("answer_coverage", self.answer_coverage, 0.01, 1.0)
        if self.answer_precision and self.answer_coverage:
            raise ValueError(
                "--answer-precision and --answer-coverage exclude each other: one follows from the other. Choose one."
            )
        _check_range("set_coverage", self.set_coverage, 0.5, 0.9999)
        _check_range("known_share", self.known_share, 0.5, 1.0)


@dataclass(frozen=True)
class TrainConfig:
    """One run: every option of it, in seven sections.

    Attributes:
        input: Which images, and how they become pixels.
        augmentation: Data augmentation of the training images.
        balance: What is done about classes of different size.
        network: Which network, and what it starts from.
        patches: What `--plan patches` learns from.
        training: How the network is trained.
        judgement: When the trained classifier answers, and what it says besides.
        name: Name of the run; empty: <data>-<model>-<number>.
        runs: Folder that the run's folder is made in.

    Raises:
        ValueError: If a value is out of its range, or if two options exclude each other.

    Example:
        >>> config = TrainConfig(training=TrainingConfig(epochs=10))
        >>> config.training.epochs, config.network.model
        (10, 'auto')
    """

    input: InputConfig = field(default_factory=InputConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    patches: PatchesConfig = field(default_factory=PatchesConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    judgement: JudgementConfig = field(default_factory=JudgementConfig)
    name: str = ""  # of the run; empty: <data>-<model>-<number>
    runs: str = "runs"  # folder that the run folder is made in

    @property
    def is_multi_label(self) -> bool:
        """Whether an image has any number of the classes, once the run's data has settled it."""
        return self.input.task == "multi_label"

    def __post_init__(self) -> None:
        if self.name and Path(self.name).name != self.name:
            raise ValueError(f"name is {self.name!r}; expected the name of a folder, without slashes.")
        if self.training.data_service and self.input.cache in ("memory", "disk"):
            raise ValueError(
                f"--cache {self.input.cache} keeps images in this process, and --data-service has others read them. "
                "Leave one out."
            )
        self._check_patches()

    def _check_patches(self) -> None:
        if self.network.plan == "patches":
            if self.is_multi_label:
                raise ValueError("--plan patches gives each patch one class. Leave out --task multi_label.")
            return
        changed = [
            each.name for each in dataclasses.fields(self.patches) if getattr(self.patches, each.name) != each.default
        ]
        if changed:
            raise ValueError(
                f"{flag(changed[0])} goes with --plan patches, not with --plan {self.network.plan}. Add --plan patches."
            )


def flag(field_name: str) -> str:
    """The command-line flag of a field."""
    return "--" + field_name.replace("_", "-")


def _check_range(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{flag(name)} is {value}; expected {least} to {most}.")

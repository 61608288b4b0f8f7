"""Keras layers that Keras lacks, or that must know the channel axis."""

from imgcls.layers.batch_normalization import BatchNormalization
from imgcls.layers.blur_pooling import BlurPooling2D
from imgcls.layers.by_name import activation, initializer, regularizer
from imgcls.layers.ceil_max_pooling import CeilMaxPooling2D
from imgcls.layers.channel_pooling import ChannelPooling, Maxout
from imgcls.layers.channel_shuffle import ChannelShuffle
from imgcls.layers.channel_slice import ChannelSlice
from imgcls.layers.class_probabilities import ClassProbabilities
from imgcls.layers.class_token import ClassToken
from imgcls.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, PointwiseConv2D, SeparableConv2D
from imgcls.layers.gelu import GELU
from imgcls.layers.global_response_normalization import GlobalResponseNormalization
from imgcls.layers.highway_gate import HighwayGate
from imgcls.layers.hog import HOG
from imgcls.layers.judgement import Judgement
from imgcls.layers.keras_operation import KerasOperation
from imgcls.layers.layer_normalization import LayerNormalization
from imgcls.layers.layer_scale import LayerScale
from imgcls.layers.layout_change import LayoutChange
from imgcls.layers.local_response_normalization import LocalResponseNormalization
from imgcls.layers.map_to_tokens import MapToTokens, TokensToMap
from imgcls.layers.parameter_free_shortcut import ParameterFreeShortcut
from imgcls.layers.pca_whitening import PCAWhitening
from imgcls.layers.pixel_standardization import PixelStandardization
from imgcls.layers.position_embedding import PositionEmbedding
from imgcls.layers.prelu import PReLU
from imgcls.layers.reflect_padding import ReflectPadding2D
from imgcls.layers.reversed_channels import ReversedChannels
from imgcls.layers.rrelu import RReLU
from imgcls.layers.self_attention import SelfAttention
from imgcls.layers.squeeze_excitation import SqueezeExcitation
from imgcls.layers.stochastic_depth import StochasticDepth
from imgcls.layers.sum_pooling import SumPooling2D
from imgcls.layers.token_pooling import TokenPooling

__all__ = [
    "GELU",
    "HOG",
    "BatchNormalization",
    "BlurPooling2D",
    "CeilMaxPooling2D",
    "ChannelPooling",
    "ChannelShuffle",
    "ChannelSlice",
    "ClassProbabilities",
    "ClassToken",
    "Conv2D",
    "Conv2DTranspose",
    "DepthwiseConv2D",
    "GlobalResponseNormalization",
    "HighwayGate",
    "Judgement",
    "KerasOperation",
    "LayerNormalization",
    "LayerScale",
    "LayoutChange",
    "LocalResponseNormalization",
    "MapToTokens",
    "Maxout",
    "PCAWhitening",
    "PReLU",
    "ParameterFreeShortcut",
    "PixelStandardization",
    "PointwiseConv2D",
    "PositionEmbedding",
    "RReLU",
    "ReflectPadding2D",
    "ReversedChannels",
    "SelfAttention",
    "SeparableConv2D",
    "SqueezeExcitation",
    "StochasticDepth",
    "SumPooling2D",
    "TokenPooling",
    "TokensToMap",
    "activation",
    "initializer",
    "regularizer",
]

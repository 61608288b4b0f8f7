"""What a network is: its first filters, the maps of its layers, how its units behave, what they see."""

from imgcls.explain.views.activation_maps import activation_maps, activation_picture, strongest_units
from imgcls.explain.views.first_filters import FirstFilters, filters_picture, first_filters
from imgcls.explain.views.layers_table import layers_table
from imgcls.explain.views.receptive_field import (
    EffectiveField,
    center,
    effective_field,
    effective_picture,
    field_picture,
    field_sentence,
    strongest_position,
)
from imgcls.explain.views.statistics_picture import layers_picture, units_picture
from imgcls.explain.views.unit_statistics import UnitStatistics, statistics_table, unit_statistics

__all__ = [
    "EffectiveField",
    "FirstFilters",
    "UnitStatistics",
    "activation_maps",
    "activation_picture",
    "center",
    "effective_field",
    "effective_picture",
    "field_picture",
    "field_sentence",
    "filters_picture",
    "first_filters",
    "layers_picture",
    "layers_table",
    "statistics_table",
    "strongest_position",
    "strongest_units",
    "unit_statistics",
    "units_picture",
]

from imgcls.nearest_name import did_you_mean, nearest_name


def test_the_most_similar_name_is_proposed():
    assert nearest_name("resnt18", ["resnet18", "vgg16"]) == "resnet18"
    assert did_you_mean("resnt18", ["resnet18", "vgg16"]) == " Did you mean 'resnet18'?"


def test_nothing_is_proposed_where_nothing_is_similar():
    assert nearest_name("banana", ["vgg16"]) == ""
    assert did_you_mean("banana", []) == ""


def test_a_cutoff_of_zero_always_proposes_a_name():
    assert nearest_name("banana", ["vgg16"], cutoff=0) == "vgg16"


def test_what_only_looks_alike_counts_as_the_same():
    assert nearest_name("resnet2O", ["resnet32", "resnet26", "resnet20"]) == "resnet20"
    assert nearest_name("ResNet-50", ["resnet101", "resnet50", "resnet_50d"]) == "resnet50"

"""The page docs/extend/wiring_operation.md runs as it stands, and its operation passes the test that it names."""

import pytest

from imgcls.data_format import DATA_FORMATS
from imgcls.models.wiring import operations
from tests.docs import code_of
from tests.models import test_wiring


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setattr(test_wiring, "OPERATIONS", dict(test_wiring.OPERATIONS))
    namespace = {"__name__": "page"}
    exec(compile(code_of("extend/wiring_operation.md"), "wiring_operation.md", "exec"), namespace)
    for wiring in ("KerasWiring", "CostWiring"):
        monkeypatch.setattr(test_wiring, wiring, namespace[wiring])
    return namespace


@pytest.mark.parametrize("data_format", DATA_FORMATS)
def test_the_operation_of_the_page_is_a_checked_pair(page, data_format):
    test_wiring.test_the_cost_of_an_operation_is_that_of_its_layers("space_to_depth", data_format)


def test_the_function_of_the_page_uses_it(page):
    net = page["CostWiring"]()
    x = test_wiring.SymbolicTensor((8, 8, 16), None)
    assert page["stem"](net, x, "stem").shape == (2, 2, 64)
    assert net.layers[0].name == "stem_blocks"


def test_an_operation_in_one_wiring_only_is_found(page):
    assert "space_to_depth" not in operations()
    with pytest.raises(AssertionError, match="declare it in Wiring"):
        test_wiring.test_no_wiring_has_an_operation_for_itself(page["CostWiring"])
    with pytest.raises(AssertionError):
        test_wiring.test_every_operation_of_the_wiring_is_asked()

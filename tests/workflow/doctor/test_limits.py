"""What limits a machine, from speeds that were measured."""

from dataclasses import replace

from imgcls.machine.facts import machine_facts
from imgcls.workflow.doctor.limits import limits
from imgcls.workflow.doctor.speed import Speed

FACTS = replace(machine_facts(), vector_units=("avx2", "avx512_bf16"))


def speeds(read=300.0, trained=10.0, device="CPU", **predicted):
    return [
        Speed("augmented", "JPEG files", "CPU", read),
        Speed("trained", "efficientnet_lite0, 224 pixels", device, trained),
        *(Speed("predicted", f"efficientnet_lite0, {name}", "CPU", rate) for name, rate in predicted.items()),
    ]


def sentences(*arguments, **settings):
    return " ".join(finding.sentences for finding in limits(FACTS, speeds(*arguments, **settings), {}))


def test_on_a_processor_reading_and_training_share_the_cores():
    said = sentences(read=20.0, trained=10.0)
    assert "share the cores: 33%" in said
    assert "--cache memory" in said
    assert "The processor limits the training" in sentences(read=300.0, trained=10.0)


def test_on_a_card_the_images_may_come_too_slowly():
    assert "The images come too slowly for efficientnet_lite0" in sentences(300.0, 1000.0, device="GPU")
    assert "The card limits the training" in sentences(3000.0, 1000.0, device="GPU")


def test_the_fastest_engine_is_named_where_it_is_worth_it():
    assert "openvino predicts 3.0 times" in sentences(tensorflow=50.0, openvino=150.0, litert=60.0)
    assert "--format openvino" in sentences(tensorflow=50.0, openvino=150.0, litert=60.0)
    assert "times as many" not in sentences(tensorflow=50.0, litert=55.0)


def test_an_engine_that_is_missing_is_named_with_what_installs_it():
    (found,) = limits(FACTS, speeds(tensorflow=50.0)[2:], {"openvino": "pip install imgcls[openvino]"})
    assert found.advice == "Type: pip install imgcls[openvino]"
    assert not found.wrong


def test_what_failed_is_wrong():
    broken = Speed("predicted", "efficientnet_lite0, onnx", "CPU", 0.0, "no such operation")
    (found,) = limits(FACTS, [broken], {})
    assert found.wrong
    assert "onnx: no such operation." in found.what

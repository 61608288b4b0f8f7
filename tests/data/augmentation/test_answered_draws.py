import threading

import numpy as np
import tensorflow as tf

from imgcls.data.augmentation.answered_draws import answered


@tf.function(input_signature=[tf.TensorSpec((2,), tf.int64)])
def drawn(seed):
    """Every kind of draw, some of them several times."""
    with answered(seed):
        generator = tf.random.get_global_generator()
        turns = tf.while_loop(
            lambda i, _: i < 3, lambda i, x: (i + 1, tf.concat([x[1:], [draw()]], 0)), (0, tf.zeros(3))
        )
        return {
            "uniform": tf.stack([tf.random.uniform(()), tf.random.uniform((), 0.0, 1.0), generator.uniform(())]),
            "whole": generator.uniform((50,), 2, 5, tf.int32),
            "normal": tf.random.normal((1000,), 3.0, 2.0),
            "gamma": tf.random.gamma((2,), [1.0, 2.0, 3.0]),
            "shuffled": tf.random.shuffle(tf.range(20)),
            "turns": turns[1],
        }


def draw():
    return tf.random.uniform(())


def numbers(seed: tuple[int, int]) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in drawn(tf.constant(seed, tf.int64)).items()}


def test_the_same_seed_draws_the_same_and_another_one_other_numbers():
    first, again, other = numbers((1, 2)), numbers((1, 2)), numbers((1, 3))
    for name, values in first.items():
        assert np.array_equal(values, again[name])
        assert not np.array_equal(values, other[name])


def test_no_two_draws_are_the_same_nor_two_turns_of_a_loop():
    found = numbers((4, 5))
    assert len({*found["uniform"].tolist(), *found["turns"].tolist()}) == 6


def test_draws_are_of_the_distribution_that_was_asked_for():
    found = numbers((0, 0))
    assert set(found["whole"]) == {2, 3, 4}
    assert abs(found["normal"].mean() - 3) < 0.3
    assert abs(found["normal"].std() - 2) < 0.2
    assert found["gamma"].shape == (2, 3)
    assert sorted(found["shuffled"]) == list(range(20))


def test_nothing_is_answered_outside_nor_in_another_thread():
    before, inside, outside = tf.random.uniform, [], []
    with answered(tf.constant([0, 0], tf.int64)):
        inside.append(float(tf.random.uniform(())))
        thread = threading.Thread(target=lambda: outside.extend(float(tf.random.uniform(())) for _ in range(2)))
        thread.start()
        thread.join()
    with answered(tf.constant([0, 0], tf.int64)):
        assert float(tf.random.uniform(())) == inside[0]
    assert tf.random.uniform is before
    assert inside[0] not in outside
    assert len(set(outside)) == 2

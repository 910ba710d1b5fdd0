"""Exercise 3's configurations: each is trained as decision_boundary/main.py does."""

from types import SimpleNamespace

from decision_boundary.shared.script import load
import numpy as np

configurations = load("decision_boundary/study/configurations.py")
Configuration = configurations.Configuration
OPTIONS = SimpleNamespace(points=512, epochs=40)


def test_a_configuration_is_trained_as_the_answer_trains_it():
    configuration = Configuration((4,), "sigmoid", "spread")
    trained = configurations.train(configuration, 5, OPTIONS).training
    new_training = configurations.answer.new_training
    expected = new_training("NumPy", 5, 512, 0.8, [4], "sigmoid", "spread")
    for _ in range(40):
        expected.run_epoch()
    X = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    np.testing.assert_array_equal(trained.logits(X), expected.logits(X))


def test_what_is_drawn_and_counted():
    relu = Configuration((3,), "relu", "spread")
    tanh = Configuration((3,), "tanh", "spread")
    table = [configurations.train(relu, seed, OPTIONS) for seed in (3, 4)]
    table.append(configurations.train(tanh, 3, OPTIONS))
    table.append(table[0]._replace(seed=5, boundary=[], words="no boundary"))
    assert configurations.count_hexagons(table, relu) == (2, 3)
    labels = [ax.get_xlabel() for ax in configurations.draw(table).axes[:2]]
    assert labels == ["6 corners, 2 of 3 seeds", "smooth curve, 1 of 1 seeds"]

"""What trainings do, what is said about them, and how they are shown."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.ensemble import initial_ensemble, train_ensemble
from decision_boundary.polygon import Polyline
from decision_boundary.shared import figures, live, measures, outcomes, results
from decision_boundary.shared.boundaries import describe, find_boundary
from decision_boundary.shared.monitor import Monitor
from decision_boundary.shared.outcomes import Outcome
from decision_boundary.shared.script import load, seeds_of
import numpy as np
from oracles import HALF, NETWORKS, SIDE, build, hexagon, network_logits
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

exercise_1 = load("Python-FeedForward/main.py")
exercise_2 = load("PyTorch-FeedForward/main.py")
answer = load("decision_boundary/main.py")


# The exercises' trainings


def test_an_epoch_of_exercise_1_takes_batches_of_32_in_a_new_order():
    training = exercise_1.Training(7, points=70)
    X, y = circle_in_square(70, seeds_of(7).points)
    rates = {"learning_rate": 0.03 / 32, "momentum": 0.9, "weight_decay": 0.01}
    network = exercise_1.FeedForwardNetwork(seed=seeds_of(7).weights, **rates)
    rng = np.random.default_rng(seeds_of(7).batches)
    for _ in range(2):
        training.run_epoch()
        for batch in np.split(rng.permutation(70), [32, 64]):
            network.zero_grad()
            network.forward(X[batch])
            network.backward(y[batch])
            network.update_weights()
    z = network.forward(X)
    np.testing.assert_array_equal(training.logits(X), z)
    assert training.loss() == exercise_1.bce_with_logits_loss(z, y).mean()


def test_an_epoch_of_exercise_2_takes_batches_of_64_in_a_new_order():
    training = exercise_2.Training(7, points=70)
    X, y = (torch.tensor(array) for array in circle_in_square(70, seeds_of(7).points))
    network = exercise_2.FeedForwardNetwork().double()
    exercise_2.draw_initial_weights(network, seeds_of(7).weights)
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(seeds_of(7).batches)
    for _ in range(2):
        training.run_epoch()
        for batch in torch.randperm(70, generator=generator).split(64):
            adam.zero_grad()
            bce(network(X[batch]), y[batch]).backward()
            adam.step()
    z = network(X).detach()
    np.testing.assert_allclose(training.logits(X.numpy()), z, rtol=1e-10)
    assert training.loss() == pytest.approx(bce(z, y).item())


@pytest.mark.parametrize("code", ["NumPy", "PyTorch"])
def test_the_answer_trains_one_layer_from_the_same_start_with_both_codes(code):
    training = answer.new_training(code, 7, 9, 0.2, [4], init="xavier")
    start = initial_ensemble(1, 4, "xavier", seeds_of(7).weights, np.float64).network(0)
    np.testing.assert_equal(training.layers(), start)
    logits = network_logits(*start, training.X)
    np.testing.assert_allclose(training.logits(training.X), logits)
    if code == "NumPy":
        assert training.network.learning_rate == 0.2 / 32
    else:
        assert training.optimizer.param_groups[0]["lr"] == 0.2


def test_the_answer_trains_any_other_configuration():
    training = answer.new_training("NumPy", 7, 9, 0.1, [4, 5], "tanh")
    assert training.layers() is None
    W, b = training.network.weights, training.network.biases
    hidden = np.tanh(np.tanh(training.X @ W[0] + b[0]) @ W[1] + b[1])
    np.testing.assert_allclose(training.logits(training.X), hidden @ W[2] + b[2])


# What is said about them


class MadeUp:
    """Points at 0.1, 0.6 and 1 from the centre; the logit is negative up to 0.5."""

    X = np.array([[0.1, 0], [0, 0.6], [-1, 0]])
    y = np.array([[0.0], [0.0], [1.0]])

    def __init__(self, losses):
        self.losses = iter(losses)

    def loss(self):
        return next(self.losses)

    def logits(self, X):
        return np.hypot(X[:, :1], X[:, 1:]) - 0.5


def test_the_outcome_of_a_training(capsys):
    monitor = Monitor(SimpleNamespace(live=False, animation=None))
    for seed in 4, 5:
        monitor.start(MadeUp([0.7, 0.6, 1 / 8]), "name", seed, epochs=2)
        monitor.after_epoch()
        monitor.after_epoch()
        outcome = monitor.finish()
    assert outcome[:4] == (5, 0.7, [0.6, 1 / 8], 2 / 3)
    X, y = circle_in_square(100_000, seeds_of(5).fresh_points)
    right = (np.hypot(X[:, :1], X[:, 1:]) > 0.5) == y
    assert outcome.fresh_accuracy == pytest.approx(right.mean())
    middle = np.sqrt((RADIUS**2 + 1 / 4) / 2)  # halves the ring of the wrong points
    assert outcome.error_distance == pytest.approx(RADIUS - middle, abs=0.002)
    lines = capsys.readouterr().out.splitlines()
    trend = [["1", "0.6", "66.7%"], ["2", "0.125", "66.7%"]]  # of the first one alone
    assert [line.split()[:3] for line in lines[2:4]] == trend
    assert lines[4].startswith("name, seed 4: loss 0.125, accuracy 66.7%, on fresh")
    assert lines[5].startswith("name, seed 5: loss 0.125")


def test_macros_are_medians_and_extremes(monkeypatch):
    monkeypatch.setattr(outcomes, "RECENT", 2)
    found = [
        Outcome(0, 0.7, [0.65, 0.61, 0.30, 0.10], 0.90, 0.87, 0.01),
        Outcome(1, 0.8, [0.62, 0.10, 0.30, 0.40], 0.80, 0.77, 0.03),
        Outcome(2, 0.9, [0.02, 0.50, 0.05, 0.20], 0.95, 0.92, 0.02),
    ]
    options = SimpleNamespace(points=9, epochs=4, runs=3, learning_rate=0.1)
    texts = outcomes.macros("", options, found)
    numbers = {name: float(text) for name, text in texts.items()}
    expected = {"Points": 9, "Epochs": 4, "Runs": 3, "Rate": 0.1}
    expected |= {"FirstLoss": 0.8, "LossMin": 0.1, "LossMedian": 0.2, "LossMax": 0.4}
    expected |= {"LossRecent": 0.3, "Accuracy": 90, "ErrorDistance": 0.02}
    expected |= {"FreshMin": 77, "FreshMedian": 87, "FreshMax": 92}
    # Epochs on the plateau are 2, 1 and 0; rises are those of the second half
    assert numbers == expected | {"Plateau": 1, "Rise": 4}


def relu(network):
    """A trained ReLU network, of which nothing but its parameters matters."""
    return SimpleNamespace(
        layers=lambda: network, logits=lambda X: network_logits(*network, X)
    )


def smooth(logits):
    return SimpleNamespace(layers=lambda: None, logits=logits)


def circle(x, radius=0.7):
    return smooth(lambda X: np.hypot(X[:, :1] - x, X[:, 1:]) - radius)


def two_circles(X):
    return np.minimum(circle(-0.5, 0.4).logits(X), circle(0.5, 0.4).logits(X))


STRIP = build(([[1, -1], [0, 0]], [0, 0]), ([1, 1], [-0.5]))  # |x_1| < 0.5
EIGHT = build(([[1, 0, -1, 0], [0, 1, 0, -1]], [0.1] * 4), ([1] * 4, [-0.6]))
ARROW = Polyline(np.array([[0, 0], [1, -1], [0, 1], [-1, -1.0]]), True)


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (relu(hexagon(0.7)), "a closed convex polygon with 6 corners"),
        (relu(EIGHT), "a closed convex polygon with 8 corners"),
        (relu(build((HALF, [0, 0, 0]), ([1, 1, 1], [-0.5]))), "an open line"),
        (relu(STRIP), "2 parts"),
        (relu(hexagon(-0.5)), "no boundary"),
        (circle(0), "a smooth closed curve"),
        (circle(0.5), "an open line"),
        (smooth(two_circles), "2 parts"),
        (circle(0, -1), "no boundary"),
    ],
)
def test_a_boundary_in_words(training, words):
    is_relu = training.layers() is not None
    assert describe(find_boundary(training), is_relu) == words


def test_a_polygon_that_is_not_convex_in_words():
    assert describe([ARROW], True) == "a closed polygon with 4 corners, not convex"


def test_a_contour_has_as_many_points_as_the_grid_gives():
    """Matplotlib would drop most of them, which makes a circle a polygon."""
    [(vertices, _)] = find_boundary(circle(0))
    np.testing.assert_allclose(np.hypot(*vertices.T), 0.7, atol=1e-5)
    assert len(vertices) > 1000


def test_measures_of_a_hexagon_and_of_another_boundary():
    outcome = Outcome(7, 0.7, [0.1], 1.0, 0.955, 0.01)
    found = measures.measure("NumPy", relu(hexagon(0.7)), outcome)
    assert found == ("NumPy", 7, "a closed convex polygon with 6 corners", 6, 95.5)
    other = measures.measure("PyTorch", relu(STRIP), outcome)
    assert (other.corners, other.words) == (0, "2 parts")
    macros = measures.macros([found, found, other])
    assert (macros["HexagonNumPy"], macros["HexagonPyTorch"]) == ("2 of 2", "0 of 1")


# Ensembles that are saved


def save(monkeypatch, folder, options):
    command = ["main.py", "--save", "e.npz", "--output", str(folder), *options.split()]
    monkeypatch.setattr("sys.argv", command)
    answer.main()


def test_a_saved_ensemble_is_the_one_that_the_options_describe(monkeypatch, tmp_path):
    options = "--hidden-units 4 --networks 6 --epochs 2 --points 9 --seed 5"
    save(monkeypatch, tmp_path, f"{options} --init positive")
    points = circle_in_square(9, 5)
    expected = train_ensemble(*points, 4, 6, 2, init="positive", seed=5)
    with np.load(tmp_path / "e.npz") as file:
        np.testing.assert_equal(dict(file), expected._asdict())


def test_the_hexagons_of_a_saved_ensemble_are_counted(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(answer, "train_ensemble", lambda *_, **__: NETWORKS)
    save(monkeypatch, tmp_path, "--networks 6")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "closed convex 6-gons: 2 of 6"
    assert lines[1] == "of these, 1 lie in the square [-1, 1]^2"


# Figures and views


def test_losses_of_zero_are_drawn_without_a_warning():
    training = relu(hexagon(0.7))
    training.X, training.y = MadeUp.X, MadeUp.y
    perfect = Outcome(0, 0.7, [0.0, 0.0], 1.0, 1.0, 0.0)
    figure = outcomes.draw(training, [perfect])
    assert results.figure_bytes(figure, "pdf")
    losses = figure.axes[0].lines[-1].get_ydata()
    assert losses.tolist() == [figures.LEAST_LOSS] * 2


def test_the_map_shows_probabilities_at_the_centres_of_its_cells():
    values = figures.on_grid(lambda x: x @ [1, 10], 2)
    assert values.tolist() == [[-5.5, -4.5], [4.5, 5.5]]
    shown = figures.probability_map(lambda x: np.log(3) * (x[:, :1] > 0), 2)
    np.testing.assert_allclose(shown, [[0.5, 0.75]] * 2)


def test_a_view_shows_the_network_as_it_is_now():
    network = hexagon(0.3)
    training = relu(network)
    training.X, training.y = MadeUp.X, MadeUp.y
    view = live.View(figures.new_figure(2), training, "name, seed 4", epochs=9)
    _, [_, c] = network
    c[:] = -0.7
    view.draw([0.7, 0.0])
    image = np.asarray(view.image.get_array())
    np.testing.assert_allclose(image, figures.probability_map(training.logits, 80))
    distances = np.hypot(*view.boundary.get_data())
    np.testing.assert_allclose(distances, [0.7 * SIDE] * 7 + [np.nan])
    starts, ends, gaps = view.hinges.get_xydata().reshape(3, 3, 2).swapaxes(0, 1)
    np.testing.assert_allclose(starts + ends, 0, atol=1e-12)  # through the centre
    np.testing.assert_allclose((network[0][0].T * starts).sum(axis=1), 0, atol=1e-12)
    assert np.isnan(gaps).all()
    assert view.image.axes.get_title() == "corners: 6"
    assert view.line.get_xydata().tolist() == [[1, 0.7], [2, figures.LEAST_LOSS]]
    assert view.line.axes.get_title() == "name, seed 4, epoch 2"


def test_the_ends_of_an_open_line_are_no_corners():
    line = Polyline(np.array([[-1, 0], [0, 0.5], [1, 0.0]]), False)
    assert figures.corners_of([line, ARROW]).tolist()[:2] == [[0, 0.5], [0, 0]]

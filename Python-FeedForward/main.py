"""Exercise 1(a): train the NumPy network on the points.

python Python-FeedForward/main.py    trains, draws, writes numbers
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.shared import outcomes, results, script
from decision_boundary.shared.monitor import Monitor
from net import FeedForwardNetwork, bce_with_logits_loss
import numpy as np

# As provided by the sheet's archive
EPOCHS = 1024
BATCH_SIZE = 32
LEARNING_RATE = 0.03  # for the mean loss of a batch
MOMENTUM = 0.9
WEIGHT_DECAY = 0.01


class Training:
    """Points and a network. The seed decides points, initial weights and batches.

    architecture: hidden_size and activation of the network, by default 2-16-16-1
    """

    def __init__(self, seed, points=512, learning_rate=LEARNING_RATE, **architecture):
        seeds = script.seeds_of(seed)
        self.X, self.y = circle_in_square(points, seeds.points)
        self.network = FeedForwardNetwork(
            learning_rate=learning_rate / BATCH_SIZE,  # as gradients are sums
            momentum=MOMENTUM,
            weight_decay=WEIGHT_DECAY,
            seed=seeds.weights,
            **architecture,
        )
        self.rng = np.random.default_rng(seeds.batches)

    def run_epoch(self):
        """Pass once over the points, in a new order."""
        order = self.rng.permutation(len(self.X))
        for start in range(0, len(order), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            self.network.zero_grad()
            self.network.forward(self.X[batch])
            self.network.backward(self.y[batch])
            self.network.update_weights()

    def logits(self, X):
        return self.network.forward(X)

    def loss(self):
        """The mean loss of the training points."""
        return bce_with_logits_loss(self.logits(self.X), self.y).mean()

    def layers(self):
        """Weights and biases of a ReLU network, one array per layer; else None."""
        if set(self.network.activation) != {"relu"}:
            return None
        return self.network.weights, self.network.biases

    def set_layers(self, weights, biases):
        self.network.weights = [W.copy() for W in weights]
        self.network.biases = [b.copy() for b in biases]


def main():
    parser = script.parser(__doc__)
    script.add_training_options(parser, EPOCHS, LEARNING_RATE)
    options = script.parse(parser)

    trainings = []
    all_outcomes = []
    monitor = Monitor(options)
    for seed in range(options.seed, options.seed + options.runs):
        training = Training(seed, options.points, options.learning_rate)
        monitor.start(training, "2-16-16-1", seed, options.epochs)
        for _ in range(options.epochs):
            training.run_epoch()
            monitor.after_epoch()
        trainings.append(training)
        all_outcomes.append(monitor.finish())

    macros = outcomes.macros("Backprop", options, all_outcomes)
    macros["BackpropBatch"] = BATCH_SIZE
    macros["BackpropMomentum"] = MOMENTUM
    macros["BackpropDecay"] = WEIGHT_DECAY
    figure = outcomes.draw(trainings[0], all_outcomes)
    results.save(options, "backprop", macros, figure, monitor.files())
    monitor.close()


if __name__ == "__main__":
    script.run(main)

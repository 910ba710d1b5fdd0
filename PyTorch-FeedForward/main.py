"""Exercise 2: train the network of our autograd functions with our Adam.

python PyTorch-FeedForward/main.py    trains, draws, writes numbers
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.shared import outcomes, results, script
from decision_boundary.shared.monitor import Monitor
from net import FeedForwardNetwork
from optimizer import Adam
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

# As provided by the sheet's archive
EPOCHS = 256
BATCH_SIZE = 64
LEARNING_RATE = 0.01


def draw_initial_weights(network, seed):
    """Draw them anew, in the network's float64.

    If they were drawn in float32, their last bits would depend on the processor.
    """
    generator = torch.Generator().manual_seed(seed)
    for layer in network.layers:
        nn.init.xavier_uniform_(layer.weight, generator=generator)


class Training:
    """Points and a network. The seed decides points, initial weights and batches.

    architecture: hidden_size of the network, by default 2-32-32-1
    All numbers are float64: training in float32 would amplify the rounding, which
    depends on the processor, to the third digit of the loss.
    """

    def __init__(self, seed, points=512, learning_rate=LEARNING_RATE, **architecture):
        seeds = script.seeds_of(seed)
        self.X, self.y = circle_in_square(points, seeds.points)
        self.inputs = torch.tensor(self.X)
        self.labels = torch.tensor(self.y)
        self.network = FeedForwardNetwork(**architecture).double()
        draw_initial_weights(self.network, seeds.weights)
        self.optimizer = Adam(self.network.parameters(), lr=learning_rate)
        self.generator = torch.Generator().manual_seed(seeds.batches)

    def run_epoch(self):
        """Pass once over the points, in a new order."""
        order = torch.randperm(len(self.X), generator=self.generator)
        for batch in order.split(BATCH_SIZE):
            logits = self.network(self.inputs[batch])
            loss = binary_cross_entropy_with_logits(logits, self.labels[batch])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    @torch.no_grad()
    def logits(self, X):
        return self.network(torch.tensor(X)).numpy()

    @torch.no_grad()
    def loss(self):
        """The mean loss of the training points."""
        logits = self.network(self.inputs)
        return binary_cross_entropy_with_logits(logits, self.labels).item()

    def layers(self):
        """Weights (fan_in, fan_out) and biases, one NumPy array per layer."""
        layers = self.network.layers
        weights = [layer.weight.detach().numpy().T for layer in layers]
        biases = [layer.bias.detach().numpy() for layer in layers]
        return weights, biases

    @torch.no_grad()
    def set_layers(self, weights, biases):
        for layer, W, b in zip(self.network.layers, weights, biases):
            layer.weight.copy_(torch.tensor(W.T))
            layer.bias.copy_(torch.tensor(b))


def main():
    parser = script.parser(__doc__)
    script.add_training_options(parser, EPOCHS, LEARNING_RATE)
    options = script.parse(parser)

    trainings = []
    all_outcomes = []
    monitor = Monitor(options)
    for seed in range(options.seed, options.seed + options.runs):
        training = Training(seed, options.points, options.learning_rate)
        monitor.start(training, "2-32-32-1", seed, options.epochs)
        for _ in range(options.epochs):
            training.run_epoch()
            monitor.after_epoch()
        trainings.append(training)
        all_outcomes.append(monitor.finish())

    macros = outcomes.macros("Pytorch", options, all_outcomes)
    macros["PytorchBatch"] = BATCH_SIZE
    figure = outcomes.draw(trainings[0], all_outcomes)
    results.save(options, "pytorch", macros, figure, monitor.files())
    monitor.close()


if __name__ == "__main__":
    script.run(main)

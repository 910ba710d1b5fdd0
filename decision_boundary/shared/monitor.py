"""Follows a training while it runs, and says what came out of it."""

import math
import time

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.shared import live
from decision_boundary.shared.outcomes import Outcome
from decision_boundary.shared.script import Diverged, seeds_of
import numpy as np

PRINTED_EPOCHS = 16
FRESH_POINTS = 100_000


class Monitor:
    """Prints the loss of the first training by epoch, and the outcome of each.

    options.live adds a window that follows each training, options.animation a GIF of
    the first. A training has points X (N, 2) and y (N, 1) and the methods loss(),
    logits(X) and layers(), the weights and biases of a ReLU network (else None).
    """

    def __init__(self, options):
        self.window = live.open_window() if options.live else None
        self.animation = None
        self.animation_path = options.animation
        self.is_first = True

    def start(self, training, name, seed, epochs):
        self.training = training
        self.title = f"{name}, seed {seed}"
        self.seed = seed
        self.epochs = epochs
        self.start_time = time.perf_counter()
        self.losses = []
        self.first_loss = float(training.loss())
        if self.window:
            self.window.start(training, self.title, epochs)
        if self.is_first:
            print(f"{self.title}\n epoch       loss  accuracy  seconds", flush=True)
            if self.animation_path:
                self.animation = live.Animation(training, self.title, epochs)

    def after_epoch(self):
        """Record the loss, print and show it; Diverged if it is not finite."""
        self.losses.append(float(self.training.loss()))
        epoch = len(self.losses)
        if not math.isfinite(self.losses[-1]):
            text = f"{self.title}: the loss is not finite in epoch {epoch}"
            raise Diverged(f"{text}; lower the learning rate")
        if self.window:
            self.window.update(self.losses)
        if self.is_first:
            if epoch == 1 or epoch % math.ceil(self.epochs / PRINTED_EPOCHS) == 0:
                self.print_row(epoch)
            if self.animation:
                self.animation.update(self.losses)

    def print_row(self, epoch):
        right = accuracy(self.training, self.training.X, self.training.y)
        seconds = time.perf_counter() - self.start_time
        row = f"{epoch:6d}  {self.losses[-1]:9.4g}  {right:8.1%}  {seconds:7.2f}"
        print(row, flush=True)

    def finish(self):
        """Print and return the Outcome of the training."""
        training = self.training
        X, y = circle_in_square(FRESH_POINTS, seeds_of(self.seed).fresh_points)
        wrong = (training.logits(X) > 0) != (y > 0.5)
        distances = np.abs(np.hypot(*X[wrong[:, 0]].T) - RADIUS)
        outcome = Outcome(
            seed=self.seed,
            first_loss=self.first_loss,
            losses=self.losses,
            accuracy=accuracy(training, training.X, training.y),
            fresh_accuracy=float(1 - wrong.mean()),
            error_distance=float(np.median(distances)) if len(distances) else math.nan,
        )
        print(
            f"{self.title}: loss {outcome.losses[-1]:.4g}, "
            f"accuracy {outcome.accuracy:.1%}, "
            f"on fresh points {outcome.fresh_accuracy:.1%}",
            flush=True,
        )
        self.is_first = False
        return outcome

    def files(self):
        """{path: bytes} of the GIF, if there is one."""
        if self.animation is None:
            return {}
        return {self.animation_path: self.animation.gif()}

    def close(self):
        """Let the user look at the last training in the window, and close it."""
        if self.window:
            self.window.wait_until_closed()


def accuracy(training, X, y):
    """Share of the points X (N, 2) whose logit is > 0 just where the label y is 1."""
    return float(((training.logits(X) > 0) == (y > 0.5)).mean())

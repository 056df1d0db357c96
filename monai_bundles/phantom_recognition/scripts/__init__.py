"""How the bundle was made: simulated samples, training, evaluation."""

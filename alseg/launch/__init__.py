"""Many runs: checks before training, which process does which, attempts, status."""

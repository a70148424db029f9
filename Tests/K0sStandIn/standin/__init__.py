"""The parts of the tests' stand-in for k0s. None of this is Kubernetes; see the README beside this folder."""

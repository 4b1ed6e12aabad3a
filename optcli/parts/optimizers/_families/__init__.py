"""Optimizers of other packages, named with a prefix: `zoo:lamb`. A module here is a family, see `optcli.parts`."""

"""Models of other packages, named with a prefix: `hf:gpt2`. A module here is a family, see `optcli.parts`."""

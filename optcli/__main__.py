"""`python -m optcli`, so that `torchrun -m optcli train recipe.yaml` works."""

from optcli.cli import main

if __name__ == "__main__":
    main()

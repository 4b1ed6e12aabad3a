"""One file per check; see `optcli.trial.smoke`."""

"""One file per log format. A reader has `sniff` and `blocks`; the folder listing is the registry."""

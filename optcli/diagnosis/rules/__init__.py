"""One file per code: what can be seen in curves. Rules know no cause."""

"""From a Run to a Diagnosis: pure functions, no input or output, no torch."""

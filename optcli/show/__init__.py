"""Views of problems, findings, runs and verdicts: terminal, HTML, Markdown, JSON, GitHub, JUnit."""

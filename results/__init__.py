"""What `attnbook.results` reads: one JSON file an experiment; installed as the package `attnbook.results.files`."""

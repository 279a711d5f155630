"""The files that `attnbook.data` reads; installed as the package `attnbook.data.files`."""

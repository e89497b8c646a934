"""What can be asked, written down: for programs as OpenAPI 3.1, for people as a page."""

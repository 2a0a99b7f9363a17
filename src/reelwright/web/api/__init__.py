"""The JSON API: the pages' facts and deeds for programs, described by OpenAPI."""

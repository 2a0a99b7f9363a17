"""Django's PostgreSQL backend, holding what SQLite holds: texts compare as bytes, JSON is kept as it was written."""

"""Django's PostgreSQL backend with two differences, for every column there is and will be.

JSON is text: `jsonb` refuses names with bytes that are not UTF-8 (a lone surrogate), and nothing here is looked for
inside JSON. Texts are compared byte by byte (collation "C"), as SQLite and Python do: a prefix is a range, and an order
does not depend on how the server was set up.
"""

import json
from collections.abc import Iterator
from typing import Any

from django.db.backends.postgresql import base, operations, schema

_TEXTS = ("varchar", "text")


class Operations(operations.DatabaseOperations):
    """JSON goes out as the text it comes in as."""

    def adapt_json_value(self, value: Any, encoder: type[json.JSONEncoder] | None) -> str:
        """The text of a JSON value."""
        return json.dumps(value, cls=encoder)


class SchemaEditor(schema.DatabaseSchemaEditor):
    """Columns of text are made with the collation "C", which makes Django's second index for LIKE needless."""

    def _iter_column_sql(self, column_db_type: str, *rest: Any) -> Iterator[str]:
        parameters, model, field, described, default = rest
        if column_db_type.startswith(_TEXTS):
            described = {**described, "collation": "C"}
        yield from super()._iter_column_sql(column_db_type, parameters, model, field, described, default)  # type: ignore[misc]

    def _alter_column_type_sql(
        self, model: Any, old_field: Any, new_field: Any, new_type: str, *collations: Any
    ) -> Any:
        old, new = collations
        new = "C" if new_type.startswith(_TEXTS) else new
        return super()._alter_column_type_sql(model, old_field, new_field, new_type, old, new)  # type: ignore[misc]

    def _create_like_index_sql(self, *_: Any) -> None:
        return None


class DatabaseWrapper(base.DatabaseWrapper):
    """The backend."""

    data_types = {**base.DatabaseWrapper.data_types, "JSONField": "text"}  # noqa: RUF012 -- as Django has it
    ops_class = Operations
    SchemaEditorClass = SchemaEditor

"""JSON Schemas of what commands print with `--json`, made from models that stand beside each command's words.

The models only describe: each command's view prints, without pydantic, which would cost every call its import; tests hold what is
printed against the schema. Keys may be added to a model, and none is taken away or given another meaning.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter

if TYPE_CHECKING:
    from pydantic import BaseModel

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Count = Annotated[int, Field(ge=0)]


def schema_of(title: str, told: type[BaseModel] | Any) -> dict[str, Any]:  # noqa: ANN401 - a union of models has no type
    """The JSON Schema (draft 2020-12) of a model, or of a union of models: `anyOf` them."""
    return {"$schema": DRAFT, **TypeAdapter(told).json_schema(), "title": title}


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as its file in the docs."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"

"""A minimal FastAPI over rows in memory: list, filter, search and one service. Runs in the peers' environment."""

import json
import os
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse

DATA = json.loads(Path(os.environ["ROWS"]).read_text())
ROWS = DATA["services"]
DETAILS = {row["code"]: row for row in DATA["details"]}

app = FastAPI()


@app.get("/services")
async def services(domain: str | None = None, q: str | None = None) -> JSONResponse:
    rows = ROWS
    if domain is not None:
        rows = [row for row in rows if row["domain"]["code"] == domain]
    if q is not None:
        rows = [row for row in rows if any(q in value for value in row.values() if isinstance(value, str))]
    return JSONResponse(rows)


@app.get("/services/{code}")
async def service(code: str) -> JSONResponse:
    if code not in DETAILS:
        raise HTTPException(404)
    return JSONResponse(DETAILS[code])

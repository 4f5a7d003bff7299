"""The peer of the speed bench: an export as one would write it by hand with asyncio.

It lists the account that the environment names, window by window and page by page, and writes one
zstd Parquet file, whose path is its only argument, with the columns of a snapshot.
"""

import asyncio
import os
import sys
from datetime import datetime, timedelta, timezone

import aiohttp
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

API = os.environ["CLIPCENSUS_BASE_URL"]
OAUTH = os.environ["CLIPCENSUS_OAUTH_URL"]
ACCOUNT = os.environ["ZOOM_ACCOUNT_ID"]
CLIENT_ID = os.environ["ZOOM_CLIENT_ID"]
CLIENT_SECRET = os.environ["ZOOM_CLIENT_SECRET"]

SINCE = datetime(2023, 1, 1, tzinfo=timezone.utc)
WINDOW = timedelta(days=28)
# As many requests at a time as an export has under way at most.
CONCURRENCY = 32
ATTEMPTS = 5

INSTANT = pa.timestamp("us", "UTC")
# What is read of a record; arrow turns the dictionaries of a page into columns by it at once.
RECORD = pa.struct(
    {
        "clip_id": pa.string(),
        "owner_id": pa.string(),
        "title": pa.string(),
        "description": pa.string(),
        "status": pa.string(),
        "duration": pa.float64(),
        "file_size": pa.int64(),
        "created_date": pa.string(),
        "modified_date": pa.string(),
        "share_link": pa.string(),
        "share_link_settings": pa.struct(
            {"share_scope": pa.string(), "enable_passcode": pa.bool_()}
        ),
        "thumbnail_link": pa.string(),
        "tags": pa.list_(pa.string()),
    }
)


async def get(session, url, params):
    """The body of an answer. What may pass is tried again, a little later each time."""
    for attempt in range(1, ATTEMPTS + 1):
        async with session.get(url, params=params) as response:
            may_pass = response.status == 429 or response.status >= 500
            if not may_pass or attempt == ATTEMPTS:
                response.raise_for_status()
                return await response.read()
        await asyncio.sleep(2**attempt / 2)


async def list_window(session, since, until, snapshot_at, seen):
    """The clips created in a window, as one batch a page, without those seen before."""
    params = {
        "from": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "to": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "date_filter_type": "CREATED_DATE",
        "page_size": "300",
    }
    batches = []
    while True:
        body = await get(session, f"{API}/clips", params)
        batch, next_page_token = read_page(body, snapshot_at, seen)
        batches.append(batch)
        if not next_page_token:
            return batches
        params["next_page_token"] = next_page_token


def read_page(body, snapshot_at, seen):
    """The new rows of a page, and the token of the next one. No record outlives this call."""
    page = orjson.loads(body)
    records = []
    for record in page["data"]:
        if record["clip_id"] not in seen:
            seen.add(record["clip_id"])
            records.append(record)
    return flatten(records, snapshot_at), page.get("next_page_token")


def flatten(records, snapshot_at):
    """The rows of a page: renamed, dates parsed, and signatures cut off links."""
    clips = pa.array(records, RECORD)
    settings = clips.field("share_link_settings")
    scope = settings.field("share_scope")
    thumbnail = clips.field("thumbnail_link")
    rows = len(records)
    columns = {
        "account_id": pa.repeat(ACCOUNT, rows),
        "clip_id": clips.field("clip_id"),
        "owner_id": clips.field("owner_id"),
        "title": clips.field("title"),
        "description": clips.field("description"),
        "status": clips.field("status"),
        "duration_seconds": clips.field("duration"),
        "file_size_bytes": clips.field("file_size"),
        "created_at": clips.field("created_date").cast(INSTANT),
        "modified_at": clips.field("modified_date").cast(INSTANT),
        "share_link": clips.field("share_link"),
        "share_scope": pc.replace_substring(scope, "ORGANIZATON", "ORGANIZATION"),
        "passcode_enabled": settings.field("enable_passcode"),
        "passcode": pa.nulls(rows, pa.string()),
        "thumbnail_link": pc.replace_substring_regex(thumbnail, "&jwt=[^&]*", ""),
        "tags": clips.field("tags"),
        "extra": pa.nulls(rows, pa.string()),
        "snapshot_at": pa.repeat(pa.scalar(snapshot_at, INSTANT), rows),
    }
    return pa.RecordBatch.from_pydict(columns)


async def main(path):
    until = datetime.now(timezone.utc).replace(microsecond=0)
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with aiohttp.ClientSession(connector=connector) as session:
        form = {"grant_type": "account_credentials", "account_id": ACCOUNT}
        basic = {"Authorization": aiohttp.encode_basic_auth(CLIENT_ID, CLIENT_SECRET)}
        async with session.post(OAUTH, data=form, headers=basic) as response:
            response.raise_for_status()
            token = (await response.json())["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        starts = [SINCE + place * WINDOW for place in range(-(-(until - SINCE) // WINDOW))]
        seen = set()
        windows = await asyncio.gather(
            *(
                list_window(session, start, min(start + WINDOW, until), until, seen)
                for start in starts
            )
        )
    batches = [batch for window in windows for batch in window]
    table = pa.Table.from_batches(batches).combine_chunks()
    table = table.sort_by([("created_at", "ascending"), ("clip_id", "ascending")])
    pq.write_table(table, path, compression="zstd")
    print(f"{table.num_rows} rows")


asyncio.run(main(sys.argv[1]))

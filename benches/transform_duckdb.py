"""DuckDB's part of the transform bench: the same pages, the same columns, zstd Parquet."""

import os
import sys
import tempfile
import time

import duckdb

folder, threads = sys.argv[1], int(sys.argv[2])
COLUMNS = """
    {data: 'STRUCT(clip_id VARCHAR, owner_id VARCHAR, title VARCHAR, description VARCHAR,
        status VARCHAR, duration DOUBLE, file_size BIGINT, created_date TIMESTAMPTZ,
        modified_date TIMESTAMPTZ, share_link VARCHAR,
        share_link_settings STRUCT(share_scope VARCHAR, enable_passcode BOOLEAN),
        thumbnail_link VARCHAR, tags VARCHAR[])[]'}
"""
QUERY = f"""
    COPY (
        SELECT 'an-account-id-of-its-usual-length' AS account_id, clip.clip_id, clip.owner_id,
            clip.title, clip.description, clip.status, clip.duration AS duration_seconds,
            clip.file_size AS file_size_bytes, clip.created_date AS created_at,
            clip.modified_date AS modified_at, clip.share_link,
            replace(clip.share_link_settings.share_scope, 'ORGANIZATON', 'ORGANIZATION')
                AS share_scope,
            clip.share_link_settings.enable_passcode AS passcode_enabled,
            NULL::VARCHAR AS passcode,
            regexp_replace(clip.thumbnail_link, '[?&]jwt=[^&]*', '') AS thumbnail_link,
            clip.tags, NULL::VARCHAR AS extra, TIMESTAMPTZ '2026-11-01 00:00:00Z' AS snapshot_at
        FROM (SELECT unnest(data) AS clip
              FROM read_json('{folder}/*.json', columns = {COLUMNS}, format = 'unstructured',
                             maximum_object_size = 67108864))
        ORDER BY clip.created_date, clip.clip_id
    ) TO '{{path}}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 131072)
"""

with tempfile.TemporaryDirectory() as out:
    path = os.path.join(out, "part.parquet")
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}; SET TimeZone = 'UTC'")
    start, cpu = time.monotonic(), time.process_time()
    connection.execute(QUERY.replace('{path}', path))
    wall, cpu = time.monotonic() - start, time.process_time() - cpu
    rows = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone()[0]
    json = sum(entry.stat().st_size for entry in os.scandir(folder))
    print(
        f"DuckDB {duckdb.__version__}, {threads} core(s): {rows / wall:>8.0f} rows/s "
        f"{json / 1e6 / wall:>6.0f} MB/s  wall {wall:.2f} s, CPU {cpu:.2f} s, "
        f"file {os.path.getsize(path) / 1e6:.1f} MB"
    )

-- title: An owner holds more than the quota
-- severity: low
-- why: Storage is paid for, and one person rarely needs so much.
-- fix: Ask the owner to delete what is no longer needed; the largest clips come first in the report.
-- refs: ISO 27001:2022 A.8.6, SOC 2 A1.1
-- param: bytes integer(0..) 100000000000 Bytes that one owner may hold; 1 GB is 1000000000
SELECT account_id, owner_id,
  CAST(count(*) AS VARCHAR) || ' clips, ' || CAST(sum(CAST(file_size_bytes AS DECIMAL(38, 0))) AS VARCHAR) || ' bytes' AS detail
FROM clips
WHERE owner_id IS NOT NULL
GROUP BY account_id, owner_id
HAVING sum(CAST(file_size_bytes AS DECIMAL(38, 0))) > $bytes

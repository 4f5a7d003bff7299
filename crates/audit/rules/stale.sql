-- title: Not changed for long
-- severity: info
-- why: What nobody has changed for long may be forgotten. Whether it is watched is not known.
-- fix: Ask the owner whether it is still needed.
-- refs: ISO 27001:2022 A.8.10
-- param: days integer(0..) 365 Days since the last change
SELECT *, 'last changed ' || CAST(idle_days AS VARCHAR) || ' days ago' AS detail
FROM clips
WHERE idle_days > $days
  AND coalesce(status, '') NOT IN ('RECORD_FAILED', 'RECORD_DELETE')

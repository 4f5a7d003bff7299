-- title: Deleted or failed long ago, and still there
-- severity: info
-- why: Nobody can watch it, and it may still take storage.
-- fix: Empty the trash, or delete what failed.
-- refs: ISO 27001:2022 A.8.10, SOC 2 C1.2
-- param: days integer(0..) 30 Days since the last change
SELECT *,
  CASE WHEN status = 'RECORD_DELETE' THEN 'in the trash' ELSE 'failed' END
    || ', last changed ' || CAST(idle_days AS VARCHAR) || ' days ago' AS detail
FROM clips
WHERE status IN ('RECORD_DELETE', 'RECORD_FAILED')
  AND idle_days >= $days

-- title: The newest snapshot is old
-- severity: medium
-- why: What was opened since then is not known; the nightly export may fail and nobody notices.
-- fix: Look why the export did not run or did not publish, and run it.
-- refs: ISO 27001:2022 A.8.16, SOC 2 CC7.2
-- param: hours integer(0..) 36 Hours from which on the newest snapshot is old
SELECT snapshot_date, 'of ' || CAST(age_hours AS VARCHAR) || ' hours ago' AS detail
FROM snapshots
WHERE role = 'subject'
  AND age_hours >= $hours

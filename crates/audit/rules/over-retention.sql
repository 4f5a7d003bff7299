-- title: Kept longer than the retention allows
-- severity: medium
-- why: What is kept longer than is needed can be lost, subpoenaed or leaked.
-- fix: Delete it, or tag it with the hold that keeps it.
-- refs: ISO 27001:2022 A.8.10, ISO 27001:2022 A.5.33, SOC 2 C1.2
-- param: days integer(0..) 730 Days since it was made, after which it is to be deleted
-- param: hold text hold The tag that keeps a clip all the same
SELECT *, 'made ' || CAST(age_days AS VARCHAR) || ' days ago' AS detail
FROM clips
WHERE age_days > $days
  AND NOT coalesce(array_has(tags, $hold), false)

-- title: A long clip that anyone with the link can watch
-- severity: medium
-- why: Whole meetings and trainings tell more than short clips, and few of them are meant for everyone.
-- fix: Ask the owner who is meant to watch it, and set the share scope to that.
-- refs: ISO 27001:2022 A.5.12, ISO 27001:2022 A.8.3
-- param: minutes integer(0..) 30 Minutes from which on a clip is long
SELECT *, CAST(round(duration_seconds / 60) AS BIGINT) || ' minutes long' AS detail
FROM clips
WHERE exposed
  AND duration_seconds >= 60 * $minutes

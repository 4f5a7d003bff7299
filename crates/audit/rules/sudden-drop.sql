-- title: Far fewer clips than in the snapshot before
-- severity: high
-- why: Clips were deleted in bulk, or the app has lost the right to see them.
-- fix: Find out which: `clipcensus diff --only gone` lists them, `clipcensus check` tells what the app may see.
-- refs: ISO 27001:2022 A.8.16, SOC 2 CC7.2
-- finds: changes
-- param: share number 0.2 The share that may be gone, 0 to 1
SELECT snapshot_date,
  CAST(clips AS VARCHAR) || ' clips, where the snapshot before had ' || CAST(clips_before AS VARCHAR) AS detail
FROM (
  SELECT snapshot_date, clips, lag(clips) OVER (ORDER BY snapshot_date) AS clips_before
  FROM snapshots
  WHERE verdict = 'verified'
)
WHERE snapshot_date = (SELECT max(snapshot_date) FROM snapshots)
  AND clips < clips_before * (1 - $share)

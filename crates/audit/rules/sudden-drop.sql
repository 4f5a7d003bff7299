-- title: Far fewer clips than in the snapshot before
-- severity: high
-- why: Clips were deleted in bulk, or the app has lost the right to see them.
-- fix: Find out which: `clipcensus diff --only gone` lists them, `clipcensus check` tells what the app may see.
-- refs: ISO 27001:2022 A.8.16, SOC 2 CC7.2
-- finds: changes
-- param: share number(..1) 0.2 The share that may be gone, up to 1; below 0, the account has to grow
SELECT s.snapshot_date,
  CAST(s.clips AS VARCHAR) || ' clips, where ' || CAST(p.snapshot_date AS VARCHAR) || ' had '
    || CAST(p.clips AS VARCHAR) AS detail
FROM snapshots s
JOIN snapshots p ON p.role = 'previous'
WHERE s.role = 'subject'
  AND s.clips < p.clips * (1 - $share)

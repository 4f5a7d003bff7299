-- title: Anyone with the link and the passcode can watch it
-- severity: low
-- why: Link and passcode are often sent together, and then protect no more than the link alone.
-- fix: Set the clip's share scope to the organization or to named people, if nobody outside needs it.
-- refs: ISO 27001:2022 A.5.15, SOC 2 CC6.1
SELECT *, 'open to anyone with the passcode' AS detail
FROM clips
WHERE share_scope = 'ANYONE'
  AND passcode_enabled
  AND coalesce(status, '') NOT IN ('RECORD_FAILED', 'RECORD_DELETE', 'SUSPENDED')

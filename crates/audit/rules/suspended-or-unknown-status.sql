-- title: Suspended, or of a status that is not documented
-- severity: medium
-- why: Zoom suspends what breaks its terms; a status that nobody knows is one that no other rule judges.
-- fix: Ask Zoom why it is suspended; report a status that is not documented to whoever keeps these rules.
-- refs: ISO 27001:2022 A.5.10
SELECT *,
  CASE WHEN status = 'SUSPENDED' THEN 'suspended' WHEN status IS NULL THEN 'it has no status'
    ELSE 'its status is ' || status END AS detail
FROM clips
WHERE coalesce(status, '') NOT IN
  ('RECORD_START', 'RECORD_END', 'RECORD_SUCCESS', 'RECORD_FAILED', 'RECORD_DELETE')

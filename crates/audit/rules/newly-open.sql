-- title: Anyone with the link can watch it since the snapshot before
-- severity: critical
-- why: Somebody has just made it public, by intent or by mistake, and can still be asked.
-- fix: Ask the owner; if it was no intent, close the link and find out who had it.
-- refs: ISO 27001:2022 A.8.12, ISO 27001:2022 A.8.16, SOC 2 CC6.1, SOC 2 CC7.2
-- finds: changes
SELECT c.*,
  CASE WHEN p.clip_id IS NULL THEN 'it was not in the snapshot before' ELSE 'it was not open before' END AS detail
FROM clips c
LEFT JOIN (SELECT account_id, clip_id, exposed FROM previous_clips) p
  ON c.account_id = p.account_id AND c.clip_id = p.clip_id
WHERE c.exposed AND NOT coalesce(p.exposed, false)

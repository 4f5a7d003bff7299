-- title: Without a tag that every clip must have
-- severity: low
-- why: A clip that is not classified is handled as nobody has decided.
-- fix: Tag it, or have the owner tag it.
-- refs: ISO 27001:2022 A.5.12, ISO 27001:2022 A.5.13, SOC 2 C1.1
-- param: tag text - The tag that every clip must have
SELECT *, 'not tagged ' || $tag AS detail
FROM clips
WHERE NOT coalesce(array_has(tags, $tag), false)
  AND coalesce(status, '') NOT IN ('RECORD_FAILED', 'RECORD_DELETE')

-- title: Anyone with the link can watch it, and whether a passcode is asked for is not known
-- severity: high
-- why: The service has not said whether it is protected: it may be open to everyone who has the link.
-- fix: Look at the clip's share settings; if it is so for many clips, ask Zoom why the field is left out.
-- refs: ISO 27001:2022 A.5.15, ISO 27001:2022 A.8.3, SOC 2 CC6.1
SELECT *, 'it is not known whether a passcode is asked for' AS detail
FROM clips
WHERE share_scope = 'ANYONE'
  AND passcode_enabled IS NULL
  AND coalesce(status, '') NOT IN ('RECORD_FAILED', 'RECORD_DELETE', 'SUSPENDED')

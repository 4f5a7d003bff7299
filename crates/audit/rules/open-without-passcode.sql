-- title: Anyone with the link can watch it, without a passcode
-- severity: high
-- why: A link is forwarded, pasted into tickets and found by others; nobody is asked who they are.
-- fix: Set the clip's share scope to the organization or to named people, or ask for a passcode.
-- refs: ISO 27001:2022 A.5.15, ISO 27001:2022 A.8.3, SOC 2 CC6.1
SELECT *, 'made on ' || coalesce(CAST(CAST(created_at AS DATE) AS VARCHAR), 'a day that is not known') AS detail
FROM clips
WHERE exposed

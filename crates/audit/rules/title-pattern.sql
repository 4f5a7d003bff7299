-- title: A title that should not be there
-- severity: medium
-- why: Titles are seen by everyone who sees the link, and tell what a clip is about.
-- fix: Look whether the clip belongs where it is shared, and rename it.
-- refs: ISO 27001:2022 A.5.12, ISO 27001:2022 A.8.12
-- param: pattern text - A regular expression that no title may match, such as (?i)confidential|salary
SELECT *, 'the title matches' AS detail
FROM clips
WHERE regexp_like(title, $pattern)

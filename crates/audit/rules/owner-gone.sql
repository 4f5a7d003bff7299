-- title: Clips of a user whom the account has no longer
-- severity: medium
-- why: Nobody answers for them, nobody is asked before they are deleted, and nobody closes their links.
-- fix: Transfer the clips to somebody who answers for them, or delete them.
-- refs: ISO 27001:2022 A.5.9, ISO 27001:2022 A.5.11, SOC 2 CC6.2
SELECT c.account_id, c.owner_id,
  CAST(count(*) AS VARCHAR) || ' clips, ' || CAST(sum(CASE WHEN c.exposed THEN 1 ELSE 0 END) AS VARCHAR)
    || ' of them open to anyone with the link' AS detail
FROM clips c
JOIN owners o ON c.account_id = o.account_id AND c.owner_id = o.id
WHERE o.status = 'deleted'
GROUP BY c.account_id, c.owner_id

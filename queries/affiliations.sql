-- name: Affiliations :many
-- Affiliations gives those of the domains and e-mails that have an affiliation, whatever their case.
SELECT ca_domain::text AS domain, coalesce(ca_affiliation, '')::text AS affiliation, coalesce(ca_active, 1)::smallint AS active
FROM augur_data.contributor_affiliations
WHERE lower(ca_domain COLLATE "C") = ANY (@domains::text[])
ORDER BY ca_domain;

-- name: InsertAffiliations :many
-- InsertAffiliations adds affiliations, which count from the beginning of time. A domain that is there already is left alone and is missing from the result.
INSERT INTO augur_data.contributor_affiliations (ca_domain, ca_affiliation, tool_source, tool_version, data_source)
SELECT n.domain, n.affiliation, 'Loaded by user', @tool_version::text, 'CSV'
FROM (SELECT unnest(@domains::text[]) AS domain, unnest(@affiliations::text[]) AS affiliation) AS n
ORDER BY n.domain
ON CONFLICT (ca_domain) DO NOTHING
RETURNING ca_domain;

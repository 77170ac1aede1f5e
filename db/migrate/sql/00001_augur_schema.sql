-- The tables of Augur: schemas augur_data, augur_operations and spdx, in the order of their names (commits first among
-- its neighbours: commit_messages draws its ids from the sequence of commits).
-- Names, column order and types are a contract with programs that read them by name, by position and by type;
-- db/migrate/testdata holds them as data, and the catalog test compares row by row. That is why odd index names,
-- duplicate indexes and types that we would not choose stay as they are.
-- Each table is followed by its indexes and comments. Foreign keys come at the end, since tables refer to each other.

-- +goose Up

-- Package migrate has made augur_operations already, for its version table; sqlc reads only this file.
CREATE SCHEMA IF NOT EXISTS augur_data;
CREATE SCHEMA IF NOT EXISTS augur_operations;
CREATE SCHEMA IF NOT EXISTS spdx;

CREATE TABLE augur_data.analysis_log (
    repos_id       integer NOT NULL,
    status         varchar NOT NULL,
    date_attempted timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX repos_id ON augur_data.analysis_log (repos_id);

CREATE TABLE augur_data.chaoss_metric_status (
    cms_id                      bigserial,
    cm_group                    varchar,
    cm_source                   varchar,
    cm_type                     varchar,
    cm_backend_status           varchar,
    cm_frontend_status          varchar,
    cm_defined                  boolean,
    cm_api_endpoint_repo        varchar,
    cm_api_endpoint_rg          varchar,
    cm_name                     varchar,
    cm_working_group            varchar,
    cm_info                     json,
    tool_source                 varchar,
    tool_version                varchar,
    data_source                 varchar,
    data_collection_date        timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cm_working_group_focus_area varchar,
    CONSTRAINT chaoss_metric_status_pkey PRIMARY KEY (cms_id)
);

CREATE TABLE augur_data.chaoss_user (
    chaoss_id             bigserial,
    chaoss_login_name     varchar,
    chaoss_login_hashword varchar,
    chaoss_email          varchar,
    chaoss_text_phone     varchar,
    chaoss_first_name     varchar,
    chaoss_last_name      varchar,
    tool_source           varchar,
    tool_version          varchar,
    data_source           varchar,
    data_collection_date  timestamptz DEFAULT now(),
    CONSTRAINT chaoss_user_pkey PRIMARY KEY (chaoss_id),
    CONSTRAINT chaoss_unique_email_key UNIQUE (chaoss_email)
);

CREATE TABLE augur_data.commit_comment_ref (
    cmt_comment_id             bigserial,
    cmt_id                     bigint NOT NULL,
    repo_id                    bigint,
    msg_id                     bigint NOT NULL,
    user_id                    bigint NOT NULL,
    body                       text,
    line                       bigint,
    position                   bigint,
    commit_comment_src_node_id varchar,
    cmt_comment_src_id         bigint NOT NULL,
    created_at                 timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tool_source                varchar,
    tool_version               varchar,
    data_source                varchar,
    data_collection_date       timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT commit_comment_ref_pkey PRIMARY KEY (cmt_comment_id),
    CONSTRAINT commitcomment UNIQUE (cmt_comment_src_id)
);
CREATE INDEX comment_id ON augur_data.commit_comment_ref (cmt_comment_src_id, cmt_comment_id, msg_id);

CREATE TABLE augur_data.commits (
    cmt_id                       bigserial,
    repo_id                      bigint NOT NULL,
    cmt_commit_hash              varchar(80) NOT NULL,
    cmt_author_name              varchar NOT NULL,
    cmt_author_raw_email         varchar NOT NULL,
    cmt_author_email             varchar NOT NULL,
    cmt_author_date              varchar(10) NOT NULL,
    cmt_author_affiliation       varchar,
    cmt_committer_name           varchar NOT NULL,
    cmt_committer_raw_email      varchar NOT NULL,
    cmt_committer_email          varchar NOT NULL,
    cmt_committer_date           varchar NOT NULL,
    cmt_committer_affiliation    varchar,
    cmt_added                    integer NOT NULL,
    cmt_removed                  integer NOT NULL,
    cmt_whitespace               integer NOT NULL,
    cmt_filename                 varchar NOT NULL,
    cmt_date_attempted           timestamp(0) NOT NULL,
    cmt_ght_committer_id         integer,
    cmt_ght_committed_at         timestamp(0),
    cmt_committer_timestamp      timestamptz(0),
    cmt_author_timestamp         timestamptz(0),
    cmt_author_platform_username varchar,
    tool_source                  varchar,
    tool_version                 varchar,
    data_source                  varchar,
    data_collection_date         timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cmt_ght_author_id            uuid,
    CONSTRAINT commits_pkey PRIMARY KEY (cmt_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX author_affiliation ON augur_data.commits (cmt_author_affiliation);
CREATE INDEX author_cntrb_id ON augur_data.commits (cmt_ght_author_id);
CREATE INDEX "author_email,author_affiliation,author_date" ON augur_data.commits (cmt_author_email, cmt_author_affiliation, cmt_author_date);
CREATE INDEX author_raw_email ON augur_data.commits (cmt_author_raw_email);
CREATE INDEX commited ON augur_data.commits (cmt_id);
CREATE INDEX commits_idx_cmt_email_cmt_date_cmt_name ON augur_data.commits (cmt_author_email, cmt_author_date, cmt_author_name);
CREATE INDEX committer_affiliation ON augur_data.commits (cmt_committer_affiliation);
CREATE INDEX committer_raw_email ON augur_data.commits (cmt_committer_raw_email);
CREATE INDEX "repo_id,commit" ON augur_data.commits (repo_id, cmt_commit_hash);
COMMENT ON TABLE augur_data.commits IS
    'One row per file that a commit changed, for every commit of the default branch. A merge has one row named (Merge commit), an empty commit one row without a name.';
COMMENT ON COLUMN augur_data.commits.cmt_id IS 'Row id.';
COMMENT ON COLUMN augur_data.commits.repo_id IS 'The repository.';
COMMENT ON COLUMN augur_data.commits.cmt_commit_hash IS
    'Hash of the commit, hexadecimal: 40 digits, 64 in SHA-256 repositories.';
COMMENT ON COLUMN augur_data.commits.cmt_author_name IS 'Author, as in git.';
COMMENT ON COLUMN augur_data.commits.cmt_author_raw_email IS 'E-mail of the author, as in git.';
COMMENT ON COLUMN augur_data.commits.cmt_author_email IS
    'Canonical e-mail of the author: from contributors_aliases, else the raw one.';
COMMENT ON COLUMN augur_data.commits.cmt_author_date IS 'Day of authorship in the author''s own zone, YYYY-MM-DD.';
COMMENT ON COLUMN augur_data.commits.cmt_author_affiliation IS 'Organisation of the author; NULL when unknown.';
COMMENT ON COLUMN augur_data.commits.cmt_committer_name IS 'Committer, as in git.';
COMMENT ON COLUMN augur_data.commits.cmt_committer_raw_email IS 'E-mail of the committer, as in git.';
COMMENT ON COLUMN augur_data.commits.cmt_committer_email IS
    'Canonical e-mail of the committer: from contributors_aliases, else the raw one.';
COMMENT ON COLUMN augur_data.commits.cmt_committer_date IS
    'Day of the commit in the committer''s own zone, YYYY-MM-DD.';
COMMENT ON COLUMN augur_data.commits.cmt_committer_affiliation IS 'Organisation of the committer; NULL when unknown.';
COMMENT ON COLUMN augur_data.commits.cmt_added IS 'Lines added, without those counted in cmt_whitespace.';
COMMENT ON COLUMN augur_data.commits.cmt_removed IS 'Lines removed, without those that were only re-indented.';
COMMENT ON COLUMN augur_data.commits.cmt_whitespace IS 'Added lines that are blank or only re-indented.';
COMMENT ON COLUMN augur_data.commits.cmt_filename IS
    'Path after the change; (Deleted) and the old path for a deleted file.';
COMMENT ON COLUMN augur_data.commits.cmt_date_attempted IS
    'Time of the commit (Augur''s meaning; not the time of collection).';
COMMENT ON COLUMN augur_data.commits.cmt_ght_committer_id IS 'Not used.';
COMMENT ON COLUMN augur_data.commits.cmt_ght_committed_at IS 'Not used.';
COMMENT ON COLUMN augur_data.commits.cmt_committer_timestamp IS 'When it was committed, exact instant.';
COMMENT ON COLUMN augur_data.commits.cmt_author_timestamp IS 'When it was written, exact instant.';
COMMENT ON COLUMN augur_data.commits.cmt_author_platform_username IS 'Not used.';
COMMENT ON COLUMN augur_data.commits.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.commits.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.commits.data_source IS 'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.commits.data_collection_date IS 'When the row was written, UTC.';
COMMENT ON COLUMN augur_data.commits.cmt_ght_author_id IS 'The author as a contributor; NULL until resolved.';

CREATE TABLE augur_data.commit_messages (
    cmt_msg_id           bigint NOT NULL DEFAULT nextval('augur_data.commits_cmt_id_seq'),
    repo_id              bigint NOT NULL,
    cmt_msg              varchar NOT NULL,
    cmt_hash             varchar(80) NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT commit_messages_pkey PRIMARY KEY (cmt_msg_id),
    CONSTRAINT "commit-message-insert-unique" UNIQUE (repo_id, cmt_hash)
);
COMMENT ON TABLE augur_data.commit_messages IS 'The message of each commit, once per commit.';
COMMENT ON COLUMN augur_data.commit_messages.cmt_msg_id IS 'Row id, from the sequence of commits.';
COMMENT ON COLUMN augur_data.commit_messages.repo_id IS 'The repository.';
COMMENT ON COLUMN augur_data.commit_messages.cmt_msg IS 'The whole message.';
COMMENT ON COLUMN augur_data.commit_messages.cmt_hash IS 'Hash of the commit.';
COMMENT ON COLUMN augur_data.commit_messages.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.commit_messages.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.commit_messages.data_source IS
    'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.commit_messages.data_collection_date IS 'When the row was written, UTC.';

CREATE TABLE augur_data.commit_parents (
    cmt_id               bigint NOT NULL,
    parent_id            bigserial,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT commit_parents_pkey PRIMARY KEY (cmt_id, parent_id)
);
CREATE INDEX commit_parents_ibfk_1 ON augur_data.commit_parents (cmt_id);
CREATE INDEX commit_parents_ibfk_2 ON augur_data.commit_parents (parent_id);
COMMENT ON TABLE augur_data.commit_parents IS
    'The parents of commits, as rows of commits: (commit, parent) once per parent.';
COMMENT ON COLUMN augur_data.commit_parents.cmt_id IS 'A row of the commit.';
COMMENT ON COLUMN augur_data.commit_parents.parent_id IS 'A row of its parent.';
COMMENT ON COLUMN augur_data.commit_parents.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.commit_parents.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.commit_parents.data_source IS
    'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.commit_parents.data_collection_date IS 'When the row was written, UTC.';

CREATE TABLE augur_data.contributor_affiliations (
    ca_id                bigserial,
    ca_domain            varchar(64) NOT NULL,
    ca_start_date        date DEFAULT '1970-01-01',
    ca_last_used         timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ca_affiliation       varchar,
    ca_active            smallint DEFAULT 1,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT contributor_affiliations_pkey PRIMARY KEY (ca_id),
    CONSTRAINT unique_domain UNIQUE (ca_domain)
);
COMMENT ON TABLE augur_data.contributor_affiliations IS 'Which organisation an e-mail domain belongs to.';
COMMENT ON COLUMN augur_data.contributor_affiliations.ca_id IS 'Row id.';
COMMENT ON COLUMN augur_data.contributor_affiliations.ca_domain IS 'Domain, or whole address, of the e-mail; unique.';
COMMENT ON COLUMN augur_data.contributor_affiliations.ca_start_date IS 'From when on it counts.';
COMMENT ON COLUMN augur_data.contributor_affiliations.ca_last_used IS 'When the row was last used or made, UTC.';
COMMENT ON COLUMN augur_data.contributor_affiliations.ca_affiliation IS 'Name of the organisation.';
COMMENT ON COLUMN augur_data.contributor_affiliations.ca_active IS '1 when the row counts.';
COMMENT ON COLUMN augur_data.contributor_affiliations.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.contributor_affiliations.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.contributor_affiliations.data_source IS
    'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.contributor_affiliations.data_collection_date IS 'When the row was written, UTC.';

CREATE TABLE augur_data.contributor_repo (
    cntrb_repo_id        bigserial,
    repo_git             varchar NOT NULL,
    repo_name            varchar NOT NULL,
    gh_repo_id           bigint NOT NULL,
    cntrb_category       varchar,
    event_id             bigint,
    created_at           timestamp(0),
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id             uuid NOT NULL,
    CONSTRAINT cntrb_repo_id_key PRIMARY KEY (cntrb_repo_id),
    CONSTRAINT eventer UNIQUE (event_id, tool_version)
);

CREATE TABLE augur_data.contributors (
    cntrb_login            varchar,
    cntrb_email            varchar,
    cntrb_full_name        varchar,
    cntrb_company          varchar,
    cntrb_created_at       timestamp(0),
    cntrb_type             varchar,
    cntrb_fake             smallint DEFAULT 0,
    cntrb_deleted          smallint DEFAULT 0,
    cntrb_long             numeric(11,8) DEFAULT NULL,
    cntrb_lat              numeric(10,8) DEFAULT NULL,
    cntrb_country_code     char(3) DEFAULT NULL,
    cntrb_state            varchar,
    cntrb_city             varchar,
    cntrb_location         varchar,
    cntrb_canonical        varchar,
    cntrb_last_used        timestamptz(0) DEFAULT NULL,
    gh_user_id             bigint,
    gh_login               varchar,
    gh_url                 varchar,
    gh_html_url            varchar,
    gh_node_id             varchar,
    gh_avatar_url          varchar,
    gh_gravatar_id         varchar,
    gh_followers_url       varchar,
    gh_following_url       varchar,
    gh_gists_url           varchar,
    gh_starred_url         varchar,
    gh_subscriptions_url   varchar,
    gh_organizations_url   varchar,
    gh_repos_url           varchar,
    gh_events_url          varchar,
    gh_received_events_url varchar,
    gh_type                varchar,
    gh_site_admin          varchar,
    gl_web_url             varchar,
    gl_avatar_url          varchar,
    gl_state               varchar,
    gl_username            varchar,
    gl_full_name           varchar,
    gl_id                  bigint,
    tool_source            varchar,
    tool_version           varchar,
    data_source            varchar,
    data_collection_date   timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id               uuid NOT NULL,
    CONSTRAINT "contributors-pk" PRIMARY KEY (cntrb_id),
    CONSTRAINT "GL-UNIQUE-B" UNIQUE (gl_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT "GL-UNIQUE-C" UNIQUE (gl_username) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "cnt-fullname" ON augur_data.contributors USING hash (cntrb_full_name);
CREATE INDEX "cntrb-theemail" ON augur_data.contributors USING hash (cntrb_email);
CREATE INDEX "cntrb_canonica-idx11" ON augur_data.contributors (cntrb_canonical);
CREATE INDEX cntrb_login_platform_index ON augur_data.contributors (cntrb_login);
CREATE INDEX contributor_worker_email_finder ON augur_data.contributors USING brin (cntrb_email);
CREATE INDEX contributor_worker_fullname_finder ON augur_data.contributors USING brin (cntrb_full_name);
CREATE INDEX contributors_idx_cntrb_email3 ON augur_data.contributors (cntrb_email);
CREATE INDEX gh_login ON augur_data.contributors (gh_login);
CREATE INDEX login ON augur_data.contributors (cntrb_login);
CREATE INDEX "login-contributor-idx" ON augur_data.contributors (cntrb_login);
COMMENT ON TABLE augur_data.contributors IS 'The people, one row per account on a platform.';
COMMENT ON COLUMN augur_data.contributors.cntrb_login IS 'Login on the platform.';
COMMENT ON COLUMN augur_data.contributors.cntrb_email IS 'E-mail that the platform shows.';
COMMENT ON COLUMN augur_data.contributors.cntrb_full_name IS 'Full name.';
COMMENT ON COLUMN augur_data.contributors.cntrb_company IS 'Company, as the person wrote it.';
COMMENT ON COLUMN augur_data.contributors.cntrb_created_at IS 'When the account was made, UTC.';
COMMENT ON COLUMN augur_data.contributors.cntrb_type IS 'Kind of person, where known.';
COMMENT ON COLUMN augur_data.contributors.cntrb_fake IS '1 when no real person stands behind it.';
COMMENT ON COLUMN augur_data.contributors.cntrb_deleted IS '1 when the account is gone.';
COMMENT ON COLUMN augur_data.contributors.cntrb_long IS 'Longitude.';
COMMENT ON COLUMN augur_data.contributors.cntrb_lat IS 'Latitude.';
COMMENT ON COLUMN augur_data.contributors.cntrb_country_code IS 'Country, three letters.';
COMMENT ON COLUMN augur_data.contributors.cntrb_state IS 'State or region.';
COMMENT ON COLUMN augur_data.contributors.cntrb_city IS 'City.';
COMMENT ON COLUMN augur_data.contributors.cntrb_location IS 'Place, as the person wrote it.';
COMMENT ON COLUMN augur_data.contributors.cntrb_canonical IS
    'The e-mail that stands for all of this person''s; equal ones are one person.';
COMMENT ON COLUMN augur_data.contributors.cntrb_last_used IS 'When last seen.';
COMMENT ON COLUMN augur_data.contributors.gh_user_id IS 'GitHub: numeric user id.';
COMMENT ON COLUMN augur_data.contributors.gh_login IS 'GitHub: login.';
COMMENT ON COLUMN augur_data.contributors.gh_url IS 'GitHub: API address of the user.';
COMMENT ON COLUMN augur_data.contributors.gh_html_url IS 'GitHub: page of the user.';
COMMENT ON COLUMN augur_data.contributors.gh_node_id IS 'GitHub: GraphQL id.';
COMMENT ON COLUMN augur_data.contributors.gh_avatar_url IS 'GitHub: picture.';
COMMENT ON COLUMN augur_data.contributors.gh_gravatar_id IS 'GitHub: Gravatar id.';
COMMENT ON COLUMN augur_data.contributors.gh_followers_url IS 'GitHub: API address of followers.';
COMMENT ON COLUMN augur_data.contributors.gh_following_url IS 'GitHub: API address of whom the user follows.';
COMMENT ON COLUMN augur_data.contributors.gh_gists_url IS 'GitHub: API address of gists.';
COMMENT ON COLUMN augur_data.contributors.gh_starred_url IS 'GitHub: API address of stars.';
COMMENT ON COLUMN augur_data.contributors.gh_subscriptions_url IS 'GitHub: API address of watched repositories.';
COMMENT ON COLUMN augur_data.contributors.gh_organizations_url IS 'GitHub: API address of organisations.';
COMMENT ON COLUMN augur_data.contributors.gh_repos_url IS 'GitHub: API address of repositories.';
COMMENT ON COLUMN augur_data.contributors.gh_events_url IS 'GitHub: API address of events.';
COMMENT ON COLUMN augur_data.contributors.gh_received_events_url IS 'GitHub: API address of received events.';
COMMENT ON COLUMN augur_data.contributors.gh_type IS 'GitHub: User, Organization or Bot.';
COMMENT ON COLUMN augur_data.contributors.gh_site_admin IS 'GitHub: true for its staff, as text.';
COMMENT ON COLUMN augur_data.contributors.gl_web_url IS 'GitLab: page of the user.';
COMMENT ON COLUMN augur_data.contributors.gl_avatar_url IS 'GitLab: picture.';
COMMENT ON COLUMN augur_data.contributors.gl_state IS 'GitLab: state of the account.';
COMMENT ON COLUMN augur_data.contributors.gl_username IS 'GitLab: login.';
COMMENT ON COLUMN augur_data.contributors.gl_full_name IS 'GitLab: full name.';
COMMENT ON COLUMN augur_data.contributors.gl_id IS 'GitLab: numeric user id.';
COMMENT ON COLUMN augur_data.contributors.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.contributors.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.contributors.data_source IS 'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.contributors.data_collection_date IS 'When the row was written, UTC.';
COMMENT ON COLUMN augur_data.contributors.cntrb_id IS
    'Id made of the platform (first byte) and the platform''s user id (next four).';

CREATE TABLE augur_data.contributors_aliases (
    cntrb_alias_id       bigserial,
    canonical_email      varchar NOT NULL,
    alias_email          varchar NOT NULL,
    cntrb_active         smallint NOT NULL DEFAULT 1,
    cntrb_last_modified  timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id             uuid NOT NULL,
    CONSTRAINT contributors_aliases_pkey PRIMARY KEY (cntrb_alias_id),
    CONSTRAINT "contributor-alias-unique" UNIQUE (alias_email)
);
COMMENT ON TABLE augur_data.contributors_aliases IS 'The e-mails of people: which address belongs to whom.';
COMMENT ON COLUMN augur_data.contributors_aliases.cntrb_alias_id IS 'Row id.';
COMMENT ON COLUMN augur_data.contributors_aliases.canonical_email IS 'The e-mail that stands for the person.';
COMMENT ON COLUMN augur_data.contributors_aliases.alias_email IS 'An e-mail of the person, as in commits; unique.';
COMMENT ON COLUMN augur_data.contributors_aliases.cntrb_active IS '1 when the alias counts.';
COMMENT ON COLUMN augur_data.contributors_aliases.cntrb_last_modified IS 'When the row was last changed, UTC.';
COMMENT ON COLUMN augur_data.contributors_aliases.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.contributors_aliases.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.contributors_aliases.data_source IS
    'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.contributors_aliases.data_collection_date IS 'When the row was written, UTC.';
COMMENT ON COLUMN augur_data.contributors_aliases.cntrb_id IS 'The person.';

CREATE TABLE augur_data.dei_badging (
    id         serial,
    badging_id integer NOT NULL,
    level      varchar NOT NULL,
    repo_id    bigint NOT NULL,
    CONSTRAINT dei_badging_pkey PRIMARY KEY (id, repo_id)
);

CREATE SEQUENCE augur_data.discourse_insights_msg_discourse_id_seq1;
CREATE TABLE augur_data.discourse_insights (
    msg_discourse_id     bigint NOT NULL DEFAULT nextval('augur_data.discourse_insights_msg_discourse_id_seq1'),
    msg_id               bigint,
    discourse_act        varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamptz DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT discourse_insights_pkey PRIMARY KEY (msg_discourse_id)
);
ALTER SEQUENCE augur_data.discourse_insights_msg_discourse_id_seq1 OWNED BY augur_data.discourse_insights.msg_discourse_id;

CREATE TABLE augur_data.dm_repo_annual (
    repo_id              bigint NOT NULL,
    email                varchar NOT NULL,
    affiliation          varchar DEFAULT 'NULL',
    year                 smallint NOT NULL,
    added                bigint NOT NULL,
    removed              bigint NOT NULL,
    whitespace           bigint NOT NULL,
    files                bigint NOT NULL,
    patches              bigint NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "repo_id,affiliation_copy_1" ON augur_data.dm_repo_annual (repo_id, affiliation);
CREATE INDEX "repo_id,email_copy_1" ON augur_data.dm_repo_annual (repo_id, email);

CREATE TABLE augur_data.dm_repo_group_annual (
    repo_group_id        bigint NOT NULL,
    email                varchar NOT NULL,
    affiliation          varchar DEFAULT 'NULL',
    year                 smallint NOT NULL,
    added                bigint NOT NULL,
    removed              bigint NOT NULL,
    whitespace           bigint NOT NULL,
    files                bigint NOT NULL,
    patches              bigint NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "projects_id,affiliation_copy_1" ON augur_data.dm_repo_group_annual (repo_group_id, affiliation);
CREATE INDEX "projects_id,email_copy_1" ON augur_data.dm_repo_group_annual (repo_group_id, email);

CREATE TABLE augur_data.dm_repo_group_monthly (
    repo_group_id        bigint NOT NULL,
    email                varchar NOT NULL,
    affiliation          varchar DEFAULT 'NULL',
    month                smallint NOT NULL,
    year                 smallint NOT NULL,
    added                bigint NOT NULL,
    removed              bigint NOT NULL,
    whitespace           bigint NOT NULL,
    files                bigint NOT NULL,
    patches              bigint NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "projects_id,affiliation_copy_2" ON augur_data.dm_repo_group_monthly (repo_group_id, affiliation);
CREATE INDEX "projects_id,email_copy_2" ON augur_data.dm_repo_group_monthly (repo_group_id, email);
CREATE INDEX "projects_id,year,affiliation_copy_1" ON augur_data.dm_repo_group_monthly (repo_group_id, year, affiliation);
CREATE INDEX "projects_id,year,email_copy_1" ON augur_data.dm_repo_group_monthly (repo_group_id, year, email);

CREATE TABLE augur_data.dm_repo_group_weekly (
    repo_group_id        bigint NOT NULL,
    email                varchar NOT NULL,
    affiliation          varchar DEFAULT 'NULL',
    week                 smallint NOT NULL,
    year                 smallint NOT NULL,
    added                bigint NOT NULL,
    removed              bigint NOT NULL,
    whitespace           bigint NOT NULL,
    files                bigint NOT NULL,
    patches              bigint NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "projects_id,affiliation" ON augur_data.dm_repo_group_weekly (repo_group_id, affiliation);
CREATE INDEX "projects_id,email" ON augur_data.dm_repo_group_weekly (repo_group_id, email);
CREATE INDEX "projects_id,year,affiliation" ON augur_data.dm_repo_group_weekly (repo_group_id, year, affiliation);
CREATE INDEX "projects_id,year,email" ON augur_data.dm_repo_group_weekly (repo_group_id, year, email);

CREATE TABLE augur_data.dm_repo_monthly (
    repo_id              bigint NOT NULL,
    email                varchar NOT NULL,
    affiliation          varchar DEFAULT 'NULL',
    month                smallint NOT NULL,
    year                 smallint NOT NULL,
    added                bigint NOT NULL,
    removed              bigint NOT NULL,
    whitespace           bigint NOT NULL,
    files                bigint NOT NULL,
    patches              bigint NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "repo_id,affiliation_copy_2" ON augur_data.dm_repo_monthly (repo_id, affiliation);
CREATE INDEX "repo_id,email_copy_2" ON augur_data.dm_repo_monthly (repo_id, email);
CREATE INDEX "repo_id,year,affiliation_copy_1" ON augur_data.dm_repo_monthly (repo_id, year, affiliation);
CREATE INDEX "repo_id,year,email_copy_1" ON augur_data.dm_repo_monthly (repo_id, year, email);

CREATE TABLE augur_data.dm_repo_weekly (
    repo_id              bigint NOT NULL,
    email                varchar NOT NULL,
    affiliation          varchar DEFAULT 'NULL',
    week                 smallint NOT NULL,
    year                 smallint NOT NULL,
    added                bigint NOT NULL,
    removed              bigint NOT NULL,
    whitespace           bigint NOT NULL,
    files                bigint NOT NULL,
    patches              bigint NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "repo_id,affiliation" ON augur_data.dm_repo_weekly (repo_id, affiliation);
CREATE INDEX "repo_id,email" ON augur_data.dm_repo_weekly (repo_id, email);
CREATE INDEX "repo_id,year,affiliation" ON augur_data.dm_repo_weekly (repo_id, year, affiliation);
CREATE INDEX "repo_id,year,email" ON augur_data.dm_repo_weekly (repo_id, year, email);

CREATE TABLE augur_data.exclude (
    id          integer NOT NULL,
    projects_id integer NOT NULL,
    email       varchar DEFAULT 'NULL',
    domain      varchar DEFAULT 'NULL',
    CONSTRAINT exclude_pkey PRIMARY KEY (id)
);

CREATE TABLE augur_data.historical_repo_urls (
    repo_id        bigint NOT NULL,
    git_url        varchar NOT NULL,
    date_collected timestamptz DEFAULT now(),
    CONSTRAINT historical_repo_urls_pkey PRIMARY KEY (repo_id, git_url)
);

CREATE TABLE augur_data.issue_assignees (
    issue_assignee_id       bigserial,
    issue_id                bigint,
    repo_id                 bigint,
    issue_assignee_src_id   bigint,
    issue_assignee_src_node varchar,
    tool_source             varchar,
    tool_version            varchar,
    data_source             varchar,
    data_collection_date    timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id                uuid,
    CONSTRAINT issue_assignees_pkey PRIMARY KEY (issue_assignee_id),
    CONSTRAINT "issue-assignee-insert-unique" UNIQUE (issue_assignee_src_id, issue_id)
);
CREATE INDEX "issue-cntrb-assign-idx-1" ON augur_data.issue_assignees (cntrb_id);

CREATE TABLE augur_data.issue_events (
    event_id             bigserial,
    issue_id             bigint NOT NULL,
    repo_id              bigint,
    action               varchar NOT NULL,
    action_commit_hash   varchar,
    created_at           timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    node_id              varchar,
    node_url             varchar,
    platform_id          bigint NOT NULL,
    issue_event_src_id   bigint,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id             uuid,
    CONSTRAINT issue_events_pkey PRIMARY KEY (event_id),
    CONSTRAINT unique_event_id_key UNIQUE (issue_id, issue_event_src_id)
);
CREATE INDEX "issue-cntrb-idx2" ON augur_data.issue_events (issue_event_src_id);
CREATE INDEX issue_events_ibfk_1 ON augur_data.issue_events (issue_id);
CREATE INDEX issue_events_ibfk_2 ON augur_data.issue_events (cntrb_id);

CREATE TABLE augur_data.issue_labels (
    issue_label_id       bigserial,
    issue_id             bigint,
    repo_id              bigint,
    label_text           varchar,
    label_description    varchar,
    label_color          varchar,
    label_src_id         bigint,
    label_src_node_id    varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT issue_labels_pkey PRIMARY KEY (issue_label_id),
    CONSTRAINT unique_issue_label UNIQUE (label_src_id, issue_id)
);

CREATE TABLE augur_data.issue_message_ref (
    issue_msg_ref_id             bigserial,
    issue_id                     bigint,
    repo_id                      bigint,
    msg_id                       bigint,
    issue_msg_ref_src_node_id    varchar,
    issue_msg_ref_src_comment_id bigint,
    tool_source                  varchar,
    tool_version                 varchar,
    data_source                  varchar,
    data_collection_date         timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT issue_message_ref_pkey PRIMARY KEY (issue_msg_ref_id),
    CONSTRAINT "issue-message-ref-insert-unique" UNIQUE (issue_msg_ref_src_comment_id, issue_id)
);

CREATE SEQUENCE augur_data.issue_seq;
CREATE TABLE augur_data.issues (
    issue_id             bigint NOT NULL DEFAULT nextval('augur_data.issue_seq'),
    repo_id              bigint,
    pull_request         bigint,
    pull_request_id      bigint,
    created_at           timestamp(0),
    issue_title          varchar,
    issue_body           varchar,
    comment_count        bigint,
    updated_at           timestamp(0),
    closed_at            timestamp(0),
    due_on               timestamp(0),
    repository_url       varchar,
    issue_url            varchar,
    labels_url           varchar,
    comments_url         varchar,
    events_url           varchar,
    html_url             varchar,
    issue_state          varchar,
    issue_node_id        varchar,
    gh_issue_number      bigint,
    gh_issue_id          bigint,
    gh_user_id           bigint,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    reporter_id          uuid,
    cntrb_id             uuid,
    CONSTRAINT issues_pkey PRIMARY KEY (issue_id),
    CONSTRAINT "issue-insert-unique" UNIQUE (issue_url),
    CONSTRAINT "unique-issue" UNIQUE (repo_id, gh_issue_id)
);
ALTER SEQUENCE augur_data.issue_seq OWNED BY augur_data.issues.issue_id;
CREATE INDEX "issue-cntrb-dix2" ON augur_data.issues (cntrb_id);
CREATE INDEX issues_ibfk_1 ON augur_data.issues (repo_id);
CREATE INDEX issues_ibfk_2 ON augur_data.issues (reporter_id);
CREATE INDEX issues_ibfk_4 ON augur_data.issues (pull_request_id);

CREATE TABLE augur_data.libraries (
    library_id               bigserial,
    repo_id                  bigint,
    platform                 varchar,
    name                     varchar,
    created_timestamp        timestamp(0) DEFAULT NULL,
    updated_timestamp        timestamp(0) DEFAULT NULL,
    library_description      varchar(2000) DEFAULT NULL,
    keywords                 varchar,
    library_homepage         varchar(1000) DEFAULT NULL,
    license                  varchar,
    version_count            integer,
    latest_release_timestamp varchar,
    latest_release_number    varchar,
    package_manager_id       varchar,
    dependency_count         integer,
    dependent_library_count  integer,
    primary_language         varchar,
    tool_source              varchar,
    tool_version             varchar,
    data_source              varchar,
    data_collection_date     timestamp(0),
    CONSTRAINT libraries_pkey PRIMARY KEY (library_id)
);

CREATE TABLE augur_data.library_dependencies (
    lib_dependency_id    bigserial,
    library_id           bigint,
    manifest_platform    varchar,
    manifest_filepath    varchar(1000) DEFAULT NULL,
    manifest_kind        varchar,
    repo_id_branch       varchar NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0),
    CONSTRAINT library_dependencies_pkey PRIMARY KEY (lib_dependency_id)
);
CREATE INDEX "REPO_DEP" ON augur_data.library_dependencies (library_id);

CREATE TABLE augur_data.library_version (
    library_version_id   bigserial,
    library_id           bigint,
    library_platform     varchar,
    version_number       varchar,
    version_release_date timestamp(0) DEFAULT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0),
    CONSTRAINT library_version_pkey PRIMARY KEY (library_version_id)
);

CREATE TABLE augur_data.lstm_anomaly_models (
    model_id             bigserial,
    model_name           varchar,
    model_description    varchar,
    look_back_days       bigint,
    training_days        bigint,
    batch_size           bigint,
    metric               varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT lstm_anomaly_models_pkey PRIMARY KEY (model_id)
);

CREATE TABLE augur_data.lstm_anomaly_results (
    result_id                      bigserial,
    repo_id                        bigint,
    repo_category                  varchar,
    model_id                       bigint,
    metric                         varchar,
    contamination_factor           double precision,
    mean_absolute_error            double precision,
    remarks                        varchar,
    metric_field                   varchar,
    mean_absolute_actual_value     double precision,
    mean_absolute_prediction_value double precision,
    tool_source                    varchar,
    tool_version                   varchar,
    data_source                    varchar,
    data_collection_date           timestamp DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT lstm_anomaly_results_pkey PRIMARY KEY (result_id)
);

CREATE TABLE augur_data.message (
    msg_id               bigserial,
    rgls_id              bigint,
    platform_msg_id      bigint,
    platform_node_id     varchar,
    repo_id              bigint,
    msg_text             varchar,
    msg_timestamp        timestamp(0),
    msg_sender_email     varchar,
    msg_header           varchar,
    pltfrm_id            bigint NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id             uuid,
    CONSTRAINT message_pkey PRIMARY KEY (msg_id),
    CONSTRAINT "message-insert-unique" UNIQUE (platform_msg_id, pltfrm_id)
);
CREATE UNIQUE INDEX messagegrouper ON augur_data.message (msg_id, rgls_id);
CREATE INDEX "msg-cntrb-id-idx" ON augur_data.message (cntrb_id);
CREATE INDEX platformgrouper ON augur_data.message (msg_id, pltfrm_id);

CREATE TABLE augur_data.message_analysis (
    msg_analysis_id      bigserial,
    msg_id               bigint,
    worker_run_id        bigint,
    sentiment_score      double precision,
    reconstruction_error double precision,
    novelty_flag         boolean,
    feedback_flag        boolean,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT message_analysis_pkey PRIMARY KEY (msg_analysis_id)
);

CREATE TABLE augur_data.message_analysis_summary (
    msg_summary_id       bigserial,
    repo_id              bigint,
    worker_run_id        bigint,
    positive_ratio       double precision,
    negative_ratio       double precision,
    novel_count          bigint,
    period               timestamp(0),
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT message_analysis_summary_pkey PRIMARY KEY (msg_summary_id)
);

CREATE TABLE augur_data.message_sentiment (
    msg_analysis_id      bigserial,
    msg_id               bigint,
    worker_run_id        bigint,
    sentiment_score      double precision,
    reconstruction_error double precision,
    novelty_flag         boolean,
    feedback_flag        boolean,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT message_sentiment_pkey PRIMARY KEY (msg_analysis_id)
);

CREATE TABLE augur_data.message_sentiment_summary (
    msg_summary_id       bigserial,
    repo_id              bigint,
    worker_run_id        bigint,
    positive_ratio       double precision,
    negative_ratio       double precision,
    novel_count          bigint,
    period               timestamp(0),
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT message_sentiment_summary_pkey PRIMARY KEY (msg_summary_id)
);

CREATE TABLE augur_data.platform (
    pltfrm_id            bigserial,
    pltfrm_name          varchar,
    pltfrm_version       varchar,
    pltfrm_release_date  date,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0),
    CONSTRAINT theplat PRIMARY KEY (pltfrm_id)
);
CREATE UNIQUE INDEX plat ON augur_data.platform (pltfrm_id);
COMMENT ON TABLE augur_data.platform IS 'The platforms that repositories and people belong to.';
COMMENT ON COLUMN augur_data.platform.pltfrm_id IS '0 unresolved (any other git host), 1 GitHub, 2 GitLab.';
COMMENT ON COLUMN augur_data.platform.pltfrm_name IS 'Name of the platform.';
COMMENT ON COLUMN augur_data.platform.pltfrm_version IS 'Not used.';
COMMENT ON COLUMN augur_data.platform.pltfrm_release_date IS 'Not used.';
COMMENT ON COLUMN augur_data.platform.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.platform.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.platform.data_source IS 'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.platform.data_collection_date IS 'When the row was written, UTC.';

CREATE TABLE augur_data.pull_request_analysis (
    pull_request_analysis_id bigserial,
    pull_request_id          bigint,
    merge_probability        numeric(256,250),
    mechanism                varchar,
    tool_source              varchar,
    tool_version             varchar,
    data_source              varchar,
    data_collection_date     timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT pull_request_analysis_pkey PRIMARY KEY (pull_request_analysis_id)
);
CREATE INDEX pr_anal_idx ON augur_data.pull_request_analysis (pull_request_id);
CREATE INDEX probability_idx ON augur_data.pull_request_analysis (merge_probability);

CREATE TABLE augur_data.pull_request_assignees (
    pr_assignee_map_id   bigserial,
    pull_request_id      bigint,
    repo_id              bigint,
    pr_assignee_src_id   bigint,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    contrib_id           uuid,
    CONSTRAINT pull_request_assignees_pkey PRIMARY KEY (pr_assignee_map_id),
    CONSTRAINT "assigniees-unique" UNIQUE (pull_request_id, pr_assignee_src_id)
);
CREATE INDEX "pr_meta_cntrb-idx" ON augur_data.pull_request_assignees (contrib_id);

CREATE TABLE augur_data.pull_request_commits (
    pr_cmt_id              bigserial,
    pull_request_id        bigint,
    repo_id                bigint,
    pr_cmt_sha             varchar,
    pr_cmt_node_id         varchar,
    pr_cmt_message         varchar,
    pr_cmt_comments_url    varchar,
    pr_cmt_timestamp       timestamp(0),
    pr_cmt_author_email    varchar,
    tool_source            varchar,
    tool_version           varchar,
    data_source            varchar,
    data_collection_date   timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    pr_cmt_author_cntrb_id uuid,
    CONSTRAINT pull_request_commits_pkey PRIMARY KEY (pr_cmt_id),
    CONSTRAINT pr_commit_nk UNIQUE (pull_request_id, repo_id, pr_cmt_sha)
);

CREATE TABLE augur_data.pull_request_events (
    pr_event_id          bigserial,
    pull_request_id      bigint NOT NULL,
    repo_id              bigint,
    action               varchar NOT NULL,
    action_commit_hash   varchar,
    created_at           timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    issue_event_src_id   bigint,
    node_id              varchar,
    node_url             varchar,
    platform_id          bigint NOT NULL DEFAULT 25150,
    pr_platform_event_id bigint,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id             uuid,
    CONSTRAINT pr_events_pkey PRIMARY KEY (pr_event_id),
    CONSTRAINT "pr-unqiue-event" UNIQUE (node_id),
    CONSTRAINT pr_events_repo_id_event_src_id_unique UNIQUE (repo_id, issue_event_src_id),
    CONSTRAINT "unique-pr-event-id" UNIQUE (platform_id, node_id)
);
CREATE INDEX pr_events_ibfk_1 ON augur_data.pull_request_events (pull_request_id);
CREATE INDEX pr_events_ibfk_2 ON augur_data.pull_request_events (cntrb_id);

CREATE TABLE augur_data.pull_request_files (
    pr_file_id           bigserial,
    pull_request_id      bigint,
    repo_id              bigint,
    pr_file_additions    bigint,
    pr_file_deletions    bigint,
    pr_file_path         varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT pull_request_files_pkey PRIMARY KEY (pr_file_id),
    CONSTRAINT prfiles_unique UNIQUE (pull_request_id, repo_id, pr_file_path)
);
CREATE INDEX pr_id_pr_files ON augur_data.pull_request_files (pull_request_id);

CREATE TABLE augur_data.pull_request_labels (
    pr_label_id          bigserial,
    pull_request_id      bigint,
    repo_id              bigint,
    pr_src_id            bigint,
    pr_src_node_id       varchar,
    pr_src_url           varchar,
    pr_src_description   varchar,
    pr_src_color         varchar,
    pr_src_default_bool  boolean,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT pull_request_labels_pkey PRIMARY KEY (pr_label_id),
    CONSTRAINT "unique-pr-src-label-id" UNIQUE (pr_src_id, pull_request_id)
);

CREATE TABLE augur_data.pull_request_message_ref (
    pr_msg_ref_id                 bigserial,
    pull_request_id               bigint,
    repo_id                       bigint,
    msg_id                        bigint,
    pr_message_ref_src_comment_id bigint,
    pr_message_ref_src_node_id    varchar,
    pr_issue_url                  varchar,
    tool_source                   varchar,
    tool_version                  varchar,
    data_source                   varchar,
    data_collection_date          timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT pull_request_message_ref_pkey PRIMARY KEY (pr_msg_ref_id),
    CONSTRAINT "pull-request-message-ref-insert-unique" UNIQUE (pr_message_ref_src_comment_id, pull_request_id)
);

CREATE TABLE augur_data.pull_request_meta (
    pr_repo_meta_id      bigserial,
    pull_request_id      bigint,
    repo_id              bigint,
    pr_head_or_base      varchar,
    pr_src_meta_label    varchar,
    pr_src_meta_ref      varchar,
    pr_sha               varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id             uuid,
    CONSTRAINT pull_request_meta_pkey PRIMARY KEY (pr_repo_meta_id),
    CONSTRAINT "pull-request-meta-insert-unique" UNIQUE (pull_request_id, pr_head_or_base, pr_sha)
);
CREATE INDEX "pr_meta-cntrbid-idx" ON augur_data.pull_request_meta (cntrb_id);

CREATE TABLE augur_data.pull_request_repo (
    pr_repo_id           bigserial,
    pr_repo_meta_id      bigint,
    pr_repo_head_or_base varchar,
    pr_src_repo_id       bigint,
    pr_src_node_id       varchar,
    pr_repo_name         varchar,
    pr_repo_full_name    varchar,
    pr_repo_private_bool boolean,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    pr_cntrb_id          uuid,
    CONSTRAINT pull_request_repo_pkey PRIMARY KEY (pr_repo_id)
);
CREATE INDEX "pr-cntrb-idx-repo" ON augur_data.pull_request_repo (pr_cntrb_id);

CREATE TABLE augur_data.pull_request_review_message_ref (
    pr_review_msg_ref_id              bigserial,
    pr_review_id                      bigint NOT NULL,
    repo_id                           bigint,
    msg_id                            bigint NOT NULL,
    pr_review_msg_url                 varchar,
    pr_review_src_id                  bigint,
    pr_review_msg_src_id              bigint,
    pr_review_msg_node_id             varchar,
    pr_review_msg_diff_hunk           varchar,
    pr_review_msg_path                varchar,
    pr_review_msg_position            bigint,
    pr_review_msg_original_position   bigint,
    pr_review_msg_commit_id           varchar,
    pr_review_msg_original_commit_id  varchar,
    pr_review_msg_updated_at          timestamp,
    pr_review_msg_html_url            varchar,
    pr_url                            varchar,
    pr_review_msg_author_association  varchar,
    pr_review_msg_start_line          bigint,
    pr_review_msg_original_start_line bigint,
    pr_review_msg_start_side          varchar,
    pr_review_msg_line                bigint,
    pr_review_msg_original_line       bigint,
    pr_review_msg_side                varchar,
    tool_source                       varchar,
    tool_version                      varchar,
    data_source                       varchar,
    data_collection_date              timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT pr_review_msg_ref_id PRIMARY KEY (pr_review_msg_ref_id),
    CONSTRAINT "pull-request-review-message-ref-insert-unique" UNIQUE (pr_review_msg_src_id)
);

CREATE TABLE augur_data.pull_request_reviewers (
    pr_reviewer_map_id   bigserial,
    pull_request_id      bigint,
    pr_source_id         bigint,
    repo_id              bigint,
    pr_reviewer_src_id   bigint,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id             uuid,
    CONSTRAINT pull_request_reviewers_pkey PRIMARY KEY (pr_reviewer_map_id),
    CONSTRAINT unique_pr_src_reviewer_key UNIQUE (pull_request_id, pr_reviewer_src_id)
);
CREATE INDEX "pr-reviewers-cntrb-idx1" ON augur_data.pull_request_reviewers (cntrb_id);

CREATE TABLE augur_data.pull_request_reviews (
    pr_review_id                 bigserial,
    pull_request_id              bigint NOT NULL,
    repo_id                      bigint,
    pr_review_author_association varchar,
    pr_review_state              varchar,
    pr_review_body               varchar,
    pr_review_submitted_at       timestamp,
    pr_review_src_id             bigint,
    pr_review_node_id            varchar,
    pr_review_html_url           varchar,
    pr_review_pull_request_url   varchar,
    pr_review_commit_id          varchar,
    platform_id                  bigint DEFAULT 25150,
    tool_source                  varchar,
    tool_version                 varchar,
    data_source                  varchar,
    data_collection_date         timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    cntrb_id                     uuid NOT NULL,
    CONSTRAINT pull_request_review_id PRIMARY KEY (pr_review_id),
    CONSTRAINT pr_review_unique UNIQUE (pr_review_src_id)
);
CREATE INDEX pr_id_pr_reviews ON augur_data.pull_request_reviews (pull_request_id);

CREATE TABLE augur_data.pull_request_teams (
    pr_team_id                   bigserial,
    pull_request_id              bigint,
    pr_src_team_id               bigint,
    pr_src_team_node             varchar,
    pr_src_team_url              varchar,
    pr_team_name                 varchar,
    pr_team_slug                 varchar,
    pr_team_description          varchar,
    pr_team_privacy              varchar,
    pr_team_permission           varchar,
    pr_team_src_members_url      varchar,
    pr_team_src_repositories_url varchar,
    pr_team_parent_id            bigint,
    tool_source                  varchar,
    tool_version                 varchar,
    data_source                  varchar,
    data_collection_date         timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT pull_request_teams_pkey PRIMARY KEY (pr_team_id)
);

CREATE TABLE augur_data.pull_requests (
    pull_request_id            bigserial,
    repo_id                    bigint DEFAULT 0,
    pr_url                     varchar,
    pr_src_id                  bigint,
    pr_src_node_id             varchar,
    pr_html_url                varchar,
    pr_diff_url                varchar,
    pr_patch_url               varchar,
    pr_issue_url               varchar,
    pr_augur_issue_id          bigint,
    pr_src_number              bigint,
    pr_src_state               varchar,
    pr_src_locked              boolean,
    pr_src_title               varchar,
    pr_body                    text,
    pr_created_at              timestamp(0),
    pr_updated_at              timestamp(0),
    pr_closed_at               timestamp(0),
    pr_merged_at               timestamp(0),
    pr_merge_commit_sha        varchar,
    pr_teams                   bigint,
    pr_milestone               varchar,
    pr_commits_url             varchar,
    pr_review_comments_url     varchar,
    pr_review_comment_url      varchar,
    pr_comments_url            varchar,
    pr_statuses_url            varchar,
    pr_meta_head_id            varchar,
    pr_meta_base_id            varchar,
    pr_src_issue_url           varchar,
    pr_src_comments_url        varchar,
    pr_src_review_comments_url varchar,
    pr_src_commits_url         varchar,
    pr_src_statuses_url        varchar,
    pr_src_author_association  varchar,
    tool_source                varchar,
    tool_version               varchar,
    data_source                varchar,
    data_collection_date       timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    pr_augur_contributor_id    uuid,
    CONSTRAINT pull_requests_pkey PRIMARY KEY (pull_request_id),
    CONSTRAINT "pull-request-insert-unique" UNIQUE (pr_url),
    CONSTRAINT "unique-pr" UNIQUE (repo_id, pr_src_id)
);
-- Within CREATE TABLE PostgreSQL would fold this one into "unique-pr".
ALTER TABLE augur_data.pull_requests ADD CONSTRAINT "unique-prx" UNIQUE (repo_id, pr_src_id);
CREATE INDEX id_node ON augur_data.pull_requests (pr_src_id, pr_src_node_id);
CREATE INDEX "pr_ID_prs_table" ON augur_data.pull_requests (pull_request_id);
CREATE INDEX pull_requests_idx_repo_id_data_datex ON augur_data.pull_requests (repo_id, data_collection_date);

CREATE SEQUENCE augur_data.releases_release_id_seq;
CREATE TABLE augur_data.releases (
    release_id            char(256) NOT NULL DEFAULT nextval('augur_data.releases_release_id_seq'),
    repo_id               bigint NOT NULL,
    release_name          varchar,
    release_description   varchar,
    release_author        varchar,
    release_created_at    timestamp,
    release_published_at  timestamp,
    release_updated_at    timestamp,
    release_is_draft      boolean,
    release_is_prerelease boolean,
    release_tag_name      varchar,
    release_url           varchar,
    tag_only              boolean,
    tool_source           varchar,
    tool_version          varchar,
    data_source           varchar,
    data_collection_date  timestamp DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT releases_pkey PRIMARY KEY (release_id)
);
ALTER SEQUENCE augur_data.releases_release_id_seq OWNED BY augur_data.releases.release_id;

CREATE TABLE augur_data.repo (
    repo_id                      bigserial,
    repo_group_id                bigint NOT NULL,
    repo_git                     varchar NOT NULL,
    repo_path                    varchar DEFAULT 'NULL',
    repo_name                    varchar DEFAULT 'NULL',
    repo_added                   timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    repo_type                    varchar DEFAULT '',
    url                          varchar,
    owner_id                     integer,
    description                  varchar,
    primary_language             varchar,
    created_at                   varchar,
    forked_from                  varchar,
    updated_at                   timestamp(0),
    repo_archived_date_collected timestamptz(0),
    repo_archived                integer,
    tool_source                  varchar,
    tool_version                 varchar,
    data_source                  varchar,
    data_collection_date         timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    repo_src_id                  bigint,
    CONSTRAINT repounique PRIMARY KEY (repo_id),
    CONSTRAINT "repo_git-unique" UNIQUE (repo_git),
    CONSTRAINT repo_src_id_unique UNIQUE (repo_src_id)
);
CREATE INDEX forked ON augur_data.repo (forked_from);
CREATE INDEX repo_idx_repo_id_repo_namex ON augur_data.repo (repo_id, repo_name);
CREATE INDEX repogitindexrep ON augur_data.repo (repo_git);
CREATE INDEX reponameindex ON augur_data.repo USING hash (repo_name);
CREATE INDEX reponameindexbtree ON augur_data.repo (repo_name);
CREATE INDEX rggrouponrepoindex ON augur_data.repo (repo_group_id);
CREATE UNIQUE INDEX therepo ON augur_data.repo (repo_id);
COMMENT ON TABLE augur_data.repo IS 'The repositories that are collected.';
COMMENT ON COLUMN augur_data.repo.repo_id IS
    'Id of the repository in all tables; from a sequence, never the platform''s id.';
COMMENT ON COLUMN augur_data.repo.repo_group_id IS 'The group it belongs to.';
COMMENT ON COLUMN augur_data.repo.repo_git IS 'URL to clone from, normalised; what makes a repository one.';
COMMENT ON COLUMN augur_data.repo.repo_path IS
    'Where its clone lies below Facade.repo_directory; until it is cloned, host and owner of the URL.';
COMMENT ON COLUMN augur_data.repo.repo_name IS 'Last part of the URL, without .git.';
COMMENT ON COLUMN augur_data.repo.repo_added IS 'When it was added, UTC.';
COMMENT ON COLUMN augur_data.repo.repo_type IS 'Kind of owner: User or Organization; empty when unknown.';
COMMENT ON COLUMN augur_data.repo.url IS 'Web page of the repository.';
COMMENT ON COLUMN augur_data.repo.owner_id IS 'Not used.';
COMMENT ON COLUMN augur_data.repo.description IS 'Not used.';
COMMENT ON COLUMN augur_data.repo.primary_language IS 'Not used.';
COMMENT ON COLUMN augur_data.repo.created_at IS 'Not used.';
COMMENT ON COLUMN augur_data.repo.forked_from IS 'Repository that this one is a fork of.';
COMMENT ON COLUMN augur_data.repo.updated_at IS 'Not used.';
COMMENT ON COLUMN augur_data.repo.repo_archived_date_collected IS 'When the archived state was last seen.';
COMMENT ON COLUMN augur_data.repo.repo_archived IS '1 when it is archived on its platform, else 0.';
COMMENT ON COLUMN augur_data.repo.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.repo.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.repo.data_source IS 'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.repo.data_collection_date IS 'When the row was written, UTC.';
COMMENT ON COLUMN augur_data.repo.repo_src_id IS 'The platform''s own id of the repository.';

CREATE TABLE augur_data.repo_badging (
    badge_collection_id  bigserial,
    repo_id              bigint,
    created_at           timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    data                 jsonb,
    CONSTRAINT repo_badging_pkey PRIMARY KEY (badge_collection_id)
);

CREATE SEQUENCE augur_data.repo_clones_data_id_seq;
CREATE TABLE augur_data.repo_clones_data (
    repo_clone_data_id   bigint NOT NULL DEFAULT nextval('augur_data.repo_clones_data_id_seq'),
    repo_id              bigint NOT NULL,
    unique_clones        bigint,
    count_clones         bigint,
    clone_data_timestamp timestamp,
    CONSTRAINT repo_clones_data_pkey PRIMARY KEY (repo_clone_data_id)
);
ALTER SEQUENCE augur_data.repo_clones_data_id_seq OWNED BY augur_data.repo_clones_data.repo_clone_data_id;

CREATE TABLE augur_data.repo_cluster_messages (
    msg_cluster_id       bigserial,
    repo_id              bigint,
    cluster_content      integer,
    cluster_mechanism    integer,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT repo_cluster_messages_pkey PRIMARY KEY (msg_cluster_id)
);

CREATE TABLE augur_data.repo_dependencies (
    repo_dependencies_id bigserial,
    repo_id              bigint,
    dep_name             varchar,
    dep_count            integer,
    dep_language         varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT repo_dependencies_pkey PRIMARY KEY (repo_dependencies_id),
    CONSTRAINT "deps-insert-unique" UNIQUE (repo_id, dep_name, data_collection_date)
);

CREATE TABLE augur_data.repo_deps_libyear (
    repo_deps_libyear_id bigserial,
    repo_id              bigint,
    name                 varchar,
    requirement          varchar,
    type                 varchar,
    package_manager      varchar,
    current_verion       varchar,
    latest_version       varchar,
    current_release_date varchar,
    latest_release_date  varchar,
    libyear              double precision,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT repo_deps_libyear_pkey PRIMARY KEY (repo_deps_libyear_id),
    CONSTRAINT "deps-libyear-insert-unique" UNIQUE (repo_id, name, data_collection_date)
);

CREATE SEQUENCE augur_data.repo_deps_scorecard_repo_deps_scorecard_id_seq1;
CREATE TABLE augur_data.repo_deps_scorecard (
    repo_deps_scorecard_id  bigint NOT NULL DEFAULT nextval('augur_data.repo_deps_scorecard_repo_deps_scorecard_id_seq1'),
    repo_id                 bigint,
    name                    varchar,
    score                   varchar,
    tool_source             varchar,
    tool_version            varchar,
    data_source             varchar,
    data_collection_date    timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    scorecard_check_details jsonb,
    CONSTRAINT repo_deps_scorecard_pkey1 PRIMARY KEY (repo_deps_scorecard_id),
    CONSTRAINT deps_scorecard_new_unique UNIQUE (repo_id, name, data_collection_date)
);
ALTER SEQUENCE augur_data.repo_deps_scorecard_repo_deps_scorecard_id_seq1 OWNED BY augur_data.repo_deps_scorecard.repo_deps_scorecard_id;

CREATE TABLE augur_data.repo_group_insights (
    rgi_id               bigserial,
    repo_group_id        bigint,
    rgi_metric           varchar,
    rgi_value            varchar,
    cms_id               bigint,
    rgi_fresh            boolean,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT repo_group_insights_pkey PRIMARY KEY (rgi_id)
);

CREATE TABLE augur_data.repo_groups (
    repo_group_id        bigserial,
    rg_name              varchar NOT NULL,
    rg_description       varchar DEFAULT 'NULL',
    rg_website           varchar(128) DEFAULT 'NULL',
    rg_recache           smallint DEFAULT 1,
    rg_last_modified     timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    rg_type              varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0),
    CONSTRAINT rgid PRIMARY KEY (repo_group_id)
);
CREATE UNIQUE INDEX rgidm ON augur_data.repo_groups (repo_group_id);
CREATE INDEX rgnameindex ON augur_data.repo_groups (rg_name);
COMMENT ON TABLE augur_data.repo_groups IS 'Groups of repositories: every repository is in exactly one.';
COMMENT ON COLUMN augur_data.repo_groups.repo_group_id IS 'Id of the group; CSV files of repositories refer to it.';
COMMENT ON COLUMN augur_data.repo_groups.rg_name IS 'Name of the group; not unique.';
COMMENT ON COLUMN augur_data.repo_groups.rg_description IS 'What the group is about.';
COMMENT ON COLUMN augur_data.repo_groups.rg_website IS 'Web page of the group.';
COMMENT ON COLUMN augur_data.repo_groups.rg_recache IS 'Not used: 1 once asked for a rebuild of cached sums.';
COMMENT ON COLUMN augur_data.repo_groups.rg_last_modified IS 'When the group was last changed, UTC.';
COMMENT ON COLUMN augur_data.repo_groups.rg_type IS 'Kind of group, such as Unknown or GitHub Organization.';
COMMENT ON COLUMN augur_data.repo_groups.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.repo_groups.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.repo_groups.data_source IS 'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.repo_groups.data_collection_date IS 'When the row was written, UTC.';

CREATE TABLE augur_data.repo_groups_list_serve (
    rgls_id              bigserial,
    repo_group_id        bigint NOT NULL,
    rgls_name            varchar,
    rgls_description     varchar(3000),
    rgls_sponsor         varchar,
    rgls_email           varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0),
    CONSTRAINT repo_groups_list_serve_pkey PRIMARY KEY (rgls_id),
    CONSTRAINT rglistserve UNIQUE (rgls_id, repo_group_id)
);
CREATE UNIQUE INDEX lister ON augur_data.repo_groups_list_serve (rgls_id, repo_group_id);

CREATE TABLE augur_data.repo_info (
    repo_info_id             bigserial,
    repo_id                  bigint NOT NULL,
    last_updated             timestamp(0) DEFAULT NULL,
    issues_enabled           varchar,
    open_issues              integer,
    pull_requests_enabled    varchar,
    wiki_enabled             varchar,
    pages_enabled            varchar,
    fork_count               integer,
    default_branch           varchar,
    watchers_count           integer,
    "UUID"                   integer,
    license                  varchar,
    stars_count              integer,
    committers_count         integer,
    issue_contributors_count varchar,
    changelog_file           varchar,
    contributing_file        varchar,
    license_file             varchar,
    code_of_conduct_file     varchar,
    security_issue_file      varchar,
    security_audit_file      varchar,
    status                   varchar,
    keywords                 varchar,
    commit_count             bigint,
    issues_count             bigint,
    issues_closed            bigint,
    pull_request_count       bigint,
    pull_requests_open       bigint,
    pull_requests_closed     bigint,
    pull_requests_merged     bigint,
    tool_source              varchar,
    tool_version             varchar,
    data_source              varchar,
    data_collection_date     timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT repo_info_pkey PRIMARY KEY (repo_info_id)
);
CREATE INDEX repo_info_idx_repo_id_data_date_1x ON augur_data.repo_info (repo_id, data_collection_date);
CREATE INDEX repo_info_idx_repo_id_data_datex ON augur_data.repo_info (repo_id, data_collection_date);

CREATE TABLE augur_data.repo_insights (
    ri_id                bigserial,
    repo_id              bigint,
    ri_metric            varchar,
    ri_value             varchar,
    ri_date              timestamp(0),
    ri_fresh             boolean,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    ri_score             numeric,
    ri_field             varchar,
    ri_detection_method  varchar,
    CONSTRAINT repo_insights_pkey PRIMARY KEY (ri_id)
);

CREATE TABLE augur_data.repo_insights_records (
    ri_id                bigserial,
    repo_id              bigint,
    ri_metric            varchar,
    ri_field             varchar,
    ri_value             varchar,
    ri_date              timestamp,
    ri_score             double precision,
    ri_detection_method  varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT repo_insights_records_pkey PRIMARY KEY (ri_id)
);
CREATE INDEX dater ON augur_data.repo_insights_records (ri_date);

CREATE TABLE augur_data.repo_labor (
    repo_labor_id        bigserial,
    repo_id              bigint,
    repo_clone_date      timestamp(0),
    rl_analysis_date     timestamp(0),
    programming_language varchar,
    file_path            varchar,
    file_name            varchar,
    total_lines          integer,
    code_lines           integer,
    comment_lines        integer,
    blank_lines          integer,
    code_complexity      integer,
    repo_url             varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0),
    CONSTRAINT repo_labor_pkey PRIMARY KEY (repo_labor_id),
    CONSTRAINT "rl-unique" UNIQUE (repo_id, rl_analysis_date, file_path, file_name)
);

CREATE TABLE augur_data.repo_meta (
    repo_id              bigint NOT NULL,
    rmeta_id             bigserial,
    rmeta_name           varchar,
    rmeta_value          varchar DEFAULT 0,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0),
    CONSTRAINT repo_meta_pkey PRIMARY KEY (rmeta_id, repo_id)
);

CREATE TABLE augur_data.repo_sbom_scans (
    rsb_id    bigserial,
    repo_id   bigint,
    sbom_scan json,
    CONSTRAINT repo_sbom_scans_pkey PRIMARY KEY (rsb_id)
);

CREATE TABLE augur_data.repo_stats (
    repo_id              bigint NOT NULL,
    rstat_id             bigserial,
    rstat_name           varchar(400),
    rstat_value          bigint,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0),
    CONSTRAINT repo_stats_pkey PRIMARY KEY (rstat_id, repo_id)
);

CREATE TABLE augur_data.repo_test_coverage (
    repo_id                 bigserial,
    repo_clone_date         timestamp(0),
    rtc_analysis_date       timestamp(0),
    programming_language    varchar,
    file_path               varchar,
    file_name               varchar,
    testing_tool            varchar,
    file_statement_count    bigint,
    file_subroutine_count   bigint,
    file_statements_tested  bigint,
    file_subroutines_tested bigint,
    tool_source             varchar,
    tool_version            varchar,
    data_source             varchar,
    data_collection_date    timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT repo_test_coverage_pkey PRIMARY KEY (repo_id)
);

CREATE TABLE augur_data.repo_topic (
    repo_topic_id        bigserial,
    repo_id              bigint,
    topic_id             integer,
    topic_prob           double precision,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT repo_topic_pkey PRIMARY KEY (repo_topic_id)
);

CREATE TABLE augur_data.repos_fetch_log (
    repos_id integer NOT NULL,
    status   varchar(128) NOT NULL,
    date     timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "repos_id,status" ON augur_data.repos_fetch_log (repos_id, status);
CREATE INDEX "repos_id,statusops" ON augur_data.repos_fetch_log (repos_id, status);
COMMENT ON TABLE augur_data.repos_fetch_log IS 'When repositories were cloned and fetched, and how that went.';
COMMENT ON COLUMN augur_data.repos_fetch_log.repos_id IS 'The repository.';
COMMENT ON COLUMN augur_data.repos_fetch_log.status IS 'What happened.';
COMMENT ON COLUMN augur_data.repos_fetch_log.date IS 'When, UTC.';

CREATE TABLE augur_data.settings (
    id            integer NOT NULL,
    setting       varchar(32) NOT NULL,
    value         varchar NOT NULL,
    last_modified timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT settings_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE augur_data.settings IS
    'Values that programs of Augur''s Facade age read. The settings of this program are in augur_operations.config.';
COMMENT ON COLUMN augur_data.settings.id IS 'Row id.';
COMMENT ON COLUMN augur_data.settings.setting IS 'Name.';
COMMENT ON COLUMN augur_data.settings.value IS 'Value.';
COMMENT ON COLUMN augur_data.settings.last_modified IS 'When it was written, UTC.';

CREATE TABLE augur_data.topic_model_event (
    event_id bigserial,
    ts       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    repo_id  integer,
    model_id uuid,
    event    text NOT NULL,
    level    text NOT NULL DEFAULT 'INFO',
    payload  jsonb NOT NULL,
    CONSTRAINT topic_model_event_pkey PRIMARY KEY (event_id)
);
CREATE INDEX ix_tme_event ON augur_data.topic_model_event (event);
CREATE INDEX ix_tme_repo_ts ON augur_data.topic_model_event (repo_id, ts);

CREATE TABLE augur_data.topic_model_meta (
    model_id               uuid NOT NULL DEFAULT gen_random_uuid(),
    repo_id                bigint,
    model_method           varchar NOT NULL,
    num_topics             integer NOT NULL,
    num_words_per_topic    integer NOT NULL,
    training_parameters    json NOT NULL,
    model_file_paths       json NOT NULL,
    parameters_hash        varchar NOT NULL,
    coherence_score        double precision NOT NULL DEFAULT 0.0,
    perplexity_score       double precision NOT NULL DEFAULT 0.0,
    topic_diversity        double precision NOT NULL DEFAULT 0.0,
    quality                json NOT NULL DEFAULT '{}'::jsonb,
    training_message_count bigint NOT NULL,
    data_fingerprint       json NOT NULL,
    visualization_data     json,
    training_start_time    timestamptz NOT NULL,
    training_end_time      timestamptz NOT NULL,
    data_collection_date   timestamptz DEFAULT CURRENT_TIMESTAMP,
    tool_source            varchar,
    tool_version           varchar,
    data_source            varchar,
    CONSTRAINT topic_model_meta_pkey PRIMARY KEY (model_id)
);

CREATE TABLE augur_data.topic_words (
    topic_words_id       bigserial,
    topic_id             bigint,
    word                 varchar,
    word_prob            double precision,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT topic_words_pkey PRIMARY KEY (topic_words_id)
);

CREATE TABLE augur_data.unknown_cache (
    type                 varchar(10) NOT NULL,
    repo_group_id        integer NOT NULL,
    email                varchar(128) NOT NULL,
    domain               varchar(128) DEFAULT 'NULL',
    added                bigint NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "type,projects_id" ON augur_data.unknown_cache (type, repo_group_id);

CREATE TABLE augur_data.unresolved_commit_emails (
    email_unresolved_id  bigserial,
    email                varchar NOT NULL,
    name                 varchar,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT unresolved_commit_emails_pkey PRIMARY KEY (email_unresolved_id),
    CONSTRAINT unresolved_commit_emails_email_key UNIQUE (email)
);
COMMENT ON TABLE augur_data.unresolved_commit_emails IS 'E-mails of commits for which no account was found.';
COMMENT ON COLUMN augur_data.unresolved_commit_emails.email_unresolved_id IS 'Row id.';
COMMENT ON COLUMN augur_data.unresolved_commit_emails.email IS 'The e-mail; unique.';
COMMENT ON COLUMN augur_data.unresolved_commit_emails.name IS 'A name that it was used with.';
COMMENT ON COLUMN augur_data.unresolved_commit_emails.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_data.unresolved_commit_emails.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_data.unresolved_commit_emails.data_source IS
    'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_data.unresolved_commit_emails.data_collection_date IS 'When the row was written, UTC.';

CREATE SEQUENCE augur_data.utility_log_id_seq1;
CREATE TABLE augur_data.utility_log (
    id        bigint NOT NULL DEFAULT nextval('augur_data.utility_log_id_seq1'),
    level     varchar(8) NOT NULL,
    status    varchar NOT NULL,
    attempted timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT utility_log_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE augur_data.utility_log_id_seq1 OWNED BY augur_data.utility_log.id;

CREATE TABLE augur_data.working_commits (
    repos_id       integer NOT NULL,
    working_commit varchar(40) DEFAULT 'NULL'
);

CREATE TABLE augur_operations."all" (
    "Name"               varchar,
    "Bytes"              varchar,
    "Lines"              varchar,
    "Code"               varchar,
    "Comment"            varchar,
    "Blank"              varchar,
    "Complexity"         varchar,
    "Count"              varchar,
    "WeightedComplexity" varchar,
    "Files"              varchar
);

CREATE TABLE augur_operations.augur_settings (
    id            bigserial,
    setting       varchar,
    value         varchar,
    last_modified timestamp(0) DEFAULT CURRENT_DATE,
    CONSTRAINT augur_settings_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE augur_operations.augur_settings IS 'Facts on the database itself, such as augur_data_version.';
COMMENT ON COLUMN augur_operations.augur_settings.id IS 'Row id.';
COMMENT ON COLUMN augur_operations.augur_settings.setting IS 'Name.';
COMMENT ON COLUMN augur_operations.augur_settings.value IS 'Value.';
COMMENT ON COLUMN augur_operations.augur_settings.last_modified IS 'Day on which it was written.';

CREATE TABLE augur_operations.client_applications (
    id           varchar NOT NULL,
    api_key      varchar NOT NULL,
    user_id      integer NOT NULL,
    name         varchar NOT NULL,
    redirect_url varchar NOT NULL,
    CONSTRAINT client_applications_pkey PRIMARY KEY (id)
);

CREATE TABLE augur_operations.collection_status (
    repo_id                       bigint NOT NULL,
    core_data_last_collected      timestamp,
    core_status                   varchar NOT NULL DEFAULT 'Pending',
    core_task_id                  varchar,
    secondary_data_last_collected timestamp,
    secondary_status              varchar NOT NULL DEFAULT 'Pending',
    secondary_task_id             varchar,
    event_last_collected          timestamp,
    facade_status                 varchar NOT NULL DEFAULT 'Pending',
    facade_data_last_collected    timestamp,
    facade_task_id                varchar,
    core_weight                   bigint,
    facade_weight                 bigint,
    secondary_weight              bigint,
    issue_pr_sum                  bigint,
    commit_sum                    bigint,
    ml_status                     varchar NOT NULL DEFAULT 'Pending',
    ml_data_last_collected        timestamp,
    ml_task_id                    varchar,
    ml_weight                     bigint,
    CONSTRAINT collection_status_pkey PRIMARY KEY (repo_id),
    CONSTRAINT core_data_last_collected_check CHECK (
        NOT (core_data_last_collected IS NULL AND core_status = 'Success')
        AND NOT (core_data_last_collected IS NOT NULL AND core_status = 'Pending')
    ),
    CONSTRAINT core_secondary_dependency_check CHECK (
        NOT (core_status = 'Pending' AND secondary_status = 'Collecting')
    ),
    CONSTRAINT core_task_id_check CHECK (
        NOT (core_task_id IS NOT NULL AND core_status IN ('Pending', 'Success', 'Error'))
        AND NOT (core_task_id IS NULL AND core_status = 'Collecting')
    ),
    CONSTRAINT facade_data_last_collected_check CHECK (
        NOT (facade_data_last_collected IS NULL AND facade_status = 'Success')
        AND NOT (facade_data_last_collected IS NOT NULL AND facade_status IN ('Pending', 'Initializing', 'Update'))
    ),
    CONSTRAINT facade_task_id_check CHECK (
        NOT (facade_task_id IS NOT NULL AND facade_status IN ('Pending', 'Success', 'Error', 'Failed Clone', 'Initializing'))
        AND NOT (facade_task_id IS NULL AND facade_status = 'Collecting')
    ),
    CONSTRAINT secondary_data_last_collected_check CHECK (
        NOT (secondary_data_last_collected IS NULL AND secondary_status = 'Success')
        AND NOT (secondary_data_last_collected IS NOT NULL AND secondary_status = 'Pending')
    ),
    CONSTRAINT secondary_task_id_check CHECK (
        NOT (secondary_task_id IS NOT NULL AND secondary_status IN ('Pending', 'Success', 'Error'))
        AND NOT (secondary_task_id IS NULL AND secondary_status = 'Collecting')
    )
);
COMMENT ON TABLE augur_operations.collection_status IS
    'What is collected, what failed and what is due: one row per repository, four phases each. Statuses: Pending, Collecting, Success, Error, Ignore (facade also Initializing, Update, Failed Clone).';
COMMENT ON COLUMN augur_operations.collection_status.repo_id IS 'The repository.';
COMMENT ON COLUMN augur_operations.collection_status.core_data_last_collected IS
    'When phase core last succeeded, UTC; NULL before the first time.';
COMMENT ON COLUMN augur_operations.collection_status.core_status IS 'Status of phase core.';
COMMENT ON COLUMN augur_operations.collection_status.core_task_id IS
    'What collects phase core now; NULL when nothing does.';
COMMENT ON COLUMN augur_operations.collection_status.secondary_data_last_collected IS
    'When phase secondary last succeeded, UTC; NULL before the first time.';
COMMENT ON COLUMN augur_operations.collection_status.secondary_status IS 'Status of phase secondary.';
COMMENT ON COLUMN augur_operations.collection_status.secondary_task_id IS
    'What collects phase secondary now; NULL when nothing does.';
COMMENT ON COLUMN augur_operations.collection_status.event_last_collected IS 'Not used.';
COMMENT ON COLUMN augur_operations.collection_status.facade_status IS 'Status of phase facade.';
COMMENT ON COLUMN augur_operations.collection_status.facade_data_last_collected IS
    'When phase facade last succeeded, UTC; NULL before the first time.';
COMMENT ON COLUMN augur_operations.collection_status.facade_task_id IS
    'What collects phase facade now; NULL when nothing does.';
COMMENT ON COLUMN augur_operations.collection_status.core_weight IS
    'Not used: order of collection does not depend on it.';
COMMENT ON COLUMN augur_operations.collection_status.facade_weight IS
    'Not used: order of collection does not depend on it.';
COMMENT ON COLUMN augur_operations.collection_status.secondary_weight IS
    'Not used: order of collection does not depend on it.';
COMMENT ON COLUMN augur_operations.collection_status.issue_pr_sum IS
    'Issues and pull requests, a measure of size; NULL when unknown.';
COMMENT ON COLUMN augur_operations.collection_status.commit_sum IS 'Commits, a measure of size; NULL when unknown.';
COMMENT ON COLUMN augur_operations.collection_status.ml_status IS 'Status of phase ml.';
COMMENT ON COLUMN augur_operations.collection_status.ml_data_last_collected IS
    'When phase ml last succeeded, UTC; NULL before the first time.';
COMMENT ON COLUMN augur_operations.collection_status.ml_task_id IS
    'What collects phase ml now; NULL when nothing does.';
COMMENT ON COLUMN augur_operations.collection_status.ml_weight IS
    'Not used: order of collection does not depend on it.';

CREATE TABLE augur_operations.config (
    id           smallserial,
    section_name varchar NOT NULL,
    setting_name varchar NOT NULL,
    value        varchar,
    type         varchar,
    CONSTRAINT config_pkey PRIMARY KEY (id),
    CONSTRAINT "unique-config-setting" UNIQUE (section_name, setting_name)
);

CREATE TABLE augur_operations.refresh_tokens (
    id                 varchar NOT NULL,
    user_session_token varchar NOT NULL,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT refresh_token_user_session_token_id_unique UNIQUE (user_session_token)
);

CREATE TABLE augur_operations.repos_fetch_log (
    repos_id integer NOT NULL,
    status   varchar(128) NOT NULL,
    date     timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "repos_id,statusops" ON augur_operations.repos_fetch_log (repos_id, status);

CREATE TABLE augur_operations.subscription_types (
    id   bigserial,
    name varchar NOT NULL,
    CONSTRAINT subscription_types_pkey PRIMARY KEY (id),
    CONSTRAINT subscription_type_title_unique UNIQUE (name)
);

CREATE TABLE augur_operations.subscriptions (
    application_id varchar NOT NULL,
    type_id        bigint NOT NULL,
    CONSTRAINT subscriptions_pkey PRIMARY KEY (application_id, type_id)
);

CREATE TABLE augur_operations.user_groups (
    group_id  bigserial,
    user_id   integer NOT NULL,
    name      varchar NOT NULL,
    favorited boolean NOT NULL DEFAULT false,
    CONSTRAINT user_groups_pkey PRIMARY KEY (group_id),
    CONSTRAINT user_groups_user_id_name_key UNIQUE (user_id, name)
);
COMMENT ON TABLE augur_operations.user_groups IS 'Lists of repositories that users keep.';
COMMENT ON COLUMN augur_operations.user_groups.group_id IS 'Id of the list; 1 is the default list of cli_user.';
COMMENT ON COLUMN augur_operations.user_groups.user_id IS 'Its owner.';
COMMENT ON COLUMN augur_operations.user_groups.name IS 'Its name, unique per owner.';
COMMENT ON COLUMN augur_operations.user_groups.favorited IS 'Marked as a favourite.';

CREATE TABLE augur_operations.user_repos (
    repo_id  bigint NOT NULL,
    group_id bigint NOT NULL,
    CONSTRAINT user_repos_pkey PRIMARY KEY (group_id, repo_id)
);
COMMENT ON TABLE augur_operations.user_repos IS 'Which repositories are in which list of a user.';
COMMENT ON COLUMN augur_operations.user_repos.repo_id IS 'The repository.';
COMMENT ON COLUMN augur_operations.user_repos.group_id IS 'The list.';

CREATE TABLE augur_operations.user_session_tokens (
    token          varchar NOT NULL,
    user_id        integer NOT NULL,
    created_at     bigint,
    expiration     bigint,
    application_id varchar,
    CONSTRAINT user_session_tokens_pkey PRIMARY KEY (token)
);

CREATE TABLE augur_operations.users (
    user_id              serial,
    login_name           varchar NOT NULL,
    login_hashword       varchar NOT NULL,
    email                varchar NOT NULL,
    text_phone           varchar,
    first_name           varchar NOT NULL,
    last_name            varchar NOT NULL,
    tool_source          varchar,
    tool_version         varchar,
    data_source          varchar,
    data_collection_date timestamp(0) DEFAULT CURRENT_TIMESTAMP,
    admin                boolean NOT NULL,
    email_verified       boolean NOT NULL DEFAULT false,
    CONSTRAINT users_pkey PRIMARY KEY (user_id),
    CONSTRAINT "user-unique-email" UNIQUE (email),
    CONSTRAINT "user-unique-name" UNIQUE (login_name),
    CONSTRAINT "user-unique-phone" UNIQUE (text_phone)
);
COMMENT ON TABLE augur_operations.users IS 'People who may log in, and the owner of what is added on the command line.';
COMMENT ON COLUMN augur_operations.users.user_id IS 'Id of the user; 1 is cli_user, the command line.';
COMMENT ON COLUMN augur_operations.users.login_name IS 'Name to log in with; unique.';
COMMENT ON COLUMN augur_operations.users.login_hashword IS 'Hash of the password; one that is no hash allows no login.';
COMMENT ON COLUMN augur_operations.users.email IS 'E-mail; unique.';
COMMENT ON COLUMN augur_operations.users.text_phone IS 'Telephone number; unique.';
COMMENT ON COLUMN augur_operations.users.first_name IS 'First name.';
COMMENT ON COLUMN augur_operations.users.last_name IS 'Last name.';
COMMENT ON COLUMN augur_operations.users.tool_source IS 'Program or task that wrote the row.';
COMMENT ON COLUMN augur_operations.users.tool_version IS 'Version of that program.';
COMMENT ON COLUMN augur_operations.users.data_source IS 'Where the data came from, such as git or a platform''s API.';
COMMENT ON COLUMN augur_operations.users.data_collection_date IS 'When the row was written, UTC.';
COMMENT ON COLUMN augur_operations.users.admin IS 'May administer.';
COMMENT ON COLUMN augur_operations.users.email_verified IS 'The e-mail was confirmed.';

CREATE SEQUENCE augur_operations.gh_worker_history_history_id_seq;
CREATE TABLE augur_operations.worker_history (
    history_id    bigint NOT NULL DEFAULT nextval('augur_operations.gh_worker_history_history_id_seq'),
    repo_id       bigint,
    worker        varchar(255) NOT NULL,
    job_model     varchar(255) NOT NULL,
    oauth_id      integer,
    timestamp     timestamp(0) NOT NULL,
    status        varchar(7) NOT NULL,
    total_results integer,
    CONSTRAINT history_pkey PRIMARY KEY (history_id)
);
ALTER SEQUENCE augur_operations.gh_worker_history_history_id_seq OWNED BY augur_operations.worker_history.history_id;

CREATE TABLE augur_operations.worker_job (
    job_model      varchar(255) NOT NULL,
    state          integer NOT NULL DEFAULT 0,
    zombie_head    integer,
    since_id_str   varchar(255) NOT NULL DEFAULT '0',
    description    varchar(255) DEFAULT 'None',
    last_count     integer,
    last_run       timestamp(0) DEFAULT NULL,
    analysis_state integer DEFAULT 0,
    oauth_id       integer NOT NULL,
    CONSTRAINT job_pkey PRIMARY KEY (job_model)
);

CREATE TABLE augur_operations.worker_oauth (
    oauth_id            bigserial,
    name                varchar(255) NOT NULL,
    consumer_key        varchar(255) NOT NULL,
    consumer_secret     varchar(255) NOT NULL,
    access_token        varchar(255) NOT NULL,
    access_token_secret varchar(255) NOT NULL,
    repo_directory      varchar,
    platform            varchar DEFAULT 'github',
    CONSTRAINT worker_oauth_pkey PRIMARY KEY (oauth_id)
);
ALTER SEQUENCE augur_operations.worker_oauth_oauth_id_seq START WITH 1000 RESTART;

CREATE TABLE augur_operations.worker_settings_facade (
    id            integer NOT NULL,
    setting       varchar(32) NOT NULL,
    value         varchar NOT NULL,
    last_modified timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT settings_pkey PRIMARY KEY (id)
);

CREATE TABLE augur_operations.working_commits (
    repos_id       integer NOT NULL,
    working_commit varchar(40) DEFAULT 'NULL'
);

CREATE TABLE spdx.annotation_types (
    annotation_type_id serial,
    name               varchar(255) NOT NULL,
    CONSTRAINT annotation_types_pkey PRIMARY KEY (annotation_type_id),
    CONSTRAINT uc_annotation_type_name UNIQUE (name)
);

CREATE TABLE spdx.annotations (
    annotation_id      serial,
    document_id        integer NOT NULL,
    annotation_type_id integer NOT NULL,
    identifier_id      integer NOT NULL,
    creator_id         integer NOT NULL,
    created_ts         timestamptz,
    comment            text NOT NULL,
    CONSTRAINT annotations_pkey PRIMARY KEY (annotation_id)
);

CREATE TABLE spdx.augur_repo_map (
    map_id          serial,
    dosocs_pkg_id   integer,
    dosocs_pkg_name text,
    repo_id         integer,
    repo_path       text,
    CONSTRAINT augur_repo_map_pkey PRIMARY KEY (map_id)
);

CREATE TABLE spdx.creator_types (
    creator_type_id serial,
    name            varchar(255) NOT NULL,
    CONSTRAINT creator_types_pkey PRIMARY KEY (creator_type_id)
);

CREATE TABLE spdx.creators (
    creator_id      serial,
    creator_type_id integer NOT NULL,
    name            varchar(255) NOT NULL,
    email           varchar(255) NOT NULL,
    CONSTRAINT creators_pkey PRIMARY KEY (creator_id)
);

CREATE TABLE spdx.document_namespaces (
    document_namespace_id serial,
    uri                   varchar(500) NOT NULL,
    CONSTRAINT document_namespaces_pkey PRIMARY KEY (document_namespace_id),
    CONSTRAINT uc_document_namespace_uri UNIQUE (uri)
);

CREATE TABLE spdx.documents (
    document_id           serial,
    document_namespace_id integer NOT NULL,
    data_license_id       integer NOT NULL,
    spdx_version          varchar(255) NOT NULL,
    name                  varchar(255) NOT NULL,
    license_list_version  varchar(255) NOT NULL,
    created_ts            timestamptz NOT NULL,
    creator_comment       text NOT NULL,
    document_comment      text NOT NULL,
    package_id            integer NOT NULL,
    CONSTRAINT documents_pkey PRIMARY KEY (document_id),
    CONSTRAINT uc_document_document_namespace_id UNIQUE (document_namespace_id)
);

CREATE TABLE spdx.documents_creators (
    document_creator_id serial,
    document_id         integer NOT NULL,
    creator_id          integer NOT NULL,
    CONSTRAINT documents_creators_pkey PRIMARY KEY (document_creator_id)
);

CREATE TABLE spdx.external_refs (
    external_ref_id       serial,
    document_id           integer NOT NULL,
    document_namespace_id integer NOT NULL,
    id_string             varchar(255) NOT NULL,
    sha256                varchar(64) NOT NULL,
    CONSTRAINT external_refs_pkey PRIMARY KEY (external_ref_id),
    CONSTRAINT uc_external_ref_document_id_string UNIQUE (document_id, id_string)
);

CREATE TABLE spdx.file_contributors (
    file_contributor_id serial,
    file_id             integer NOT NULL,
    contributor         text NOT NULL,
    CONSTRAINT file_contributors_pkey PRIMARY KEY (file_contributor_id)
);

CREATE TABLE spdx.file_types (
    file_type_id integer,
    name         varchar(255) NOT NULL,
    CONSTRAINT uc_file_type_name PRIMARY KEY (name)
);

CREATE TABLE spdx.files (
    file_id        serial,
    file_type_id   integer,
    sha256         varchar(64) NOT NULL,
    copyright_text text,
    package_id     integer,
    comment        text NOT NULL,
    notice         text NOT NULL,
    CONSTRAINT files_pkey PRIMARY KEY (file_id),
    CONSTRAINT uc_file_sha256 UNIQUE (sha256)
);

CREATE TABLE spdx.files_licenses (
    file_license_id serial,
    file_id         integer NOT NULL,
    license_id      integer NOT NULL,
    extracted_text  text NOT NULL,
    CONSTRAINT files_licenses_pkey PRIMARY KEY (file_license_id),
    CONSTRAINT uc_file_license UNIQUE (file_id, license_id)
);

CREATE TABLE spdx.files_scans (
    file_scan_id serial,
    file_id      integer NOT NULL,
    scanner_id   integer NOT NULL,
    CONSTRAINT files_scans_pkey PRIMARY KEY (file_scan_id),
    CONSTRAINT uc_file_scanner_id UNIQUE (file_id, scanner_id)
);

CREATE TABLE spdx.identifiers (
    identifier_id         serial,
    document_namespace_id integer NOT NULL,
    id_string             varchar(255) NOT NULL,
    document_id           integer,
    package_id            integer,
    package_file_id       integer,
    CONSTRAINT identifiers_pkey PRIMARY KEY (identifier_id),
    CONSTRAINT uc_identifier_document_namespace_id UNIQUE (document_namespace_id, id_string),
    CONSTRAINT uc_identifier_namespace_document_id UNIQUE (document_namespace_id, document_id),
    CONSTRAINT uc_identifier_namespace_package_file_id UNIQUE (document_namespace_id, package_file_id),
    CONSTRAINT uc_identifier_namespace_package_id UNIQUE (document_namespace_id, package_id),
    CONSTRAINT ck_identifier_exactly_one CHECK (
        (document_id IS NOT NULL)::integer + (package_id IS NOT NULL)::integer + (package_file_id IS NOT NULL)::integer = 1
    )
);

CREATE TABLE spdx.licenses (
    license_id       serial,
    name             varchar(255),
    short_name       varchar(255) NOT NULL,
    cross_reference  text NOT NULL,
    comment          text NOT NULL,
    is_spdx_official boolean NOT NULL,
    CONSTRAINT licenses_pkey PRIMARY KEY (license_id),
    CONSTRAINT uc_license_short_name UNIQUE (short_name)
);

CREATE TABLE spdx.packages (
    package_id                serial,
    name                      varchar(255) NOT NULL,
    version                   varchar(255) NOT NULL,
    file_name                 text NOT NULL,
    supplier_id               integer,
    originator_id             integer,
    download_location         text,
    verification_code         varchar(64) NOT NULL,
    ver_code_excluded_file_id integer,
    sha256                    varchar(64),
    home_page                 text,
    source_info               text NOT NULL,
    concluded_license_id      integer,
    declared_license_id       integer,
    license_comment           text NOT NULL,
    copyright_text            text,
    summary                   text NOT NULL,
    description               text NOT NULL,
    comment                   text NOT NULL,
    dosocs2_dir_code          varchar(64),
    CONSTRAINT packages_pkey PRIMARY KEY (package_id),
    CONSTRAINT uc_dir_code_ver_code UNIQUE (verification_code, dosocs2_dir_code),
    CONSTRAINT uc_package_sha256 UNIQUE (sha256),
    CONSTRAINT uc_sha256_ds2_dir_code_exactly_one CHECK (
        (sha256 IS NOT NULL)::integer + (dosocs2_dir_code IS NOT NULL)::integer = 1
    )
);

CREATE TABLE spdx.packages_files (
    package_file_id      serial,
    package_id           integer NOT NULL,
    file_id              integer NOT NULL,
    concluded_license_id integer,
    license_comment      text NOT NULL,
    file_name            text NOT NULL,
    CONSTRAINT packages_files_pkey PRIMARY KEY (package_file_id),
    CONSTRAINT uc_package_id_file_name UNIQUE (package_id, file_name)
);

CREATE TABLE spdx.packages_scans (
    package_scan_id serial,
    package_id      integer NOT NULL,
    scanner_id      integer NOT NULL,
    CONSTRAINT packages_scans_pkey PRIMARY KEY (package_scan_id),
    CONSTRAINT uc_package_scanner_id UNIQUE (package_id, scanner_id)
);

CREATE TABLE spdx.projects (
    package_id serial,
    name       text NOT NULL,
    homepage   text NOT NULL,
    uri        text NOT NULL,
    CONSTRAINT projects_pkey PRIMARY KEY (package_id)
);

CREATE TABLE spdx.relationship_types (
    relationship_type_id serial,
    name                 varchar(255) NOT NULL,
    CONSTRAINT relationship_types_pkey PRIMARY KEY (relationship_type_id),
    CONSTRAINT uc_relationship_type_name UNIQUE (name)
);

CREATE TABLE spdx.relationships (
    relationship_id      serial,
    left_identifier_id   integer NOT NULL,
    right_identifier_id  integer NOT NULL,
    relationship_type_id integer NOT NULL,
    relationship_comment text NOT NULL,
    CONSTRAINT relationships_pkey PRIMARY KEY (relationship_id),
    CONSTRAINT uc_left_right_relationship_type UNIQUE (left_identifier_id, right_identifier_id, relationship_type_id)
);

CREATE TABLE spdx.sbom_scans (
    repo_id   integer,
    sbom_scan json
);

CREATE TABLE spdx.scanners (
    scanner_id serial,
    name       varchar(255) NOT NULL,
    CONSTRAINT scanners_pkey PRIMARY KEY (scanner_id),
    CONSTRAINT uc_scanner_name UNIQUE (name)
);

-- Foreign keys.

ALTER TABLE augur_data.commit_comment_ref
    ADD CONSTRAINT fk_commit_comment_ref_commits_1 FOREIGN KEY (cmt_id) REFERENCES augur_data.commits (cmt_id)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    ADD CONSTRAINT fk_commit_comment_ref_message_1 FOREIGN KEY (msg_id) REFERENCES augur_data.message (msg_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.commits
    ADD CONSTRAINT cmt_ght_author_cntrb_id_fk FOREIGN KEY (cmt_ght_author_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT fk_commits_repo_2 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.commit_messages
    ADD CONSTRAINT commit_messages_repo_id_fkey FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.commit_parents
    ADD CONSTRAINT fk_commit_parents_commits_1 FOREIGN KEY (cmt_id) REFERENCES augur_data.commits (cmt_id),
    ADD CONSTRAINT fk_commit_parents_commits_2 FOREIGN KEY (parent_id) REFERENCES augur_data.commits (cmt_id);

ALTER TABLE augur_data.contributor_repo
    ADD CONSTRAINT contributor_repo_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.contributors_aliases
    ADD CONSTRAINT contributors_aliases_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE augur_data.dei_badging
    ADD CONSTRAINT user_repo_user_id_fkey FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.discourse_insights
    ADD CONSTRAINT fk_discourse_insights_message_1 FOREIGN KEY (msg_id) REFERENCES augur_data.message (msg_id);

ALTER TABLE augur_data.historical_repo_urls
    ADD CONSTRAINT historical_repo_urls_repo_id_fkey FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.issue_assignees
    ADD CONSTRAINT fk_issue_assignee_repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    ADD CONSTRAINT fk_issue_assignees_issues_1 FOREIGN KEY (issue_id) REFERENCES augur_data.issues (issue_id),
    ADD CONSTRAINT issue_assignees_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id);

ALTER TABLE augur_data.issue_events
    ADD CONSTRAINT fk_issue_event_platform_ide FOREIGN KEY (platform_id) REFERENCES augur_data.platform (pltfrm_id)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    ADD CONSTRAINT fk_issue_events_issues_1 FOREIGN KEY (issue_id) REFERENCES augur_data.issues (issue_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_issue_events_repo FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    ADD CONSTRAINT issue_events_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.issue_labels
    ADD CONSTRAINT fk_issue_labels_issues_1 FOREIGN KEY (issue_id) REFERENCES augur_data.issues (issue_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_issue_labels_repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.issue_message_ref
    ADD CONSTRAINT fk_issue_message_ref_issues_1 FOREIGN KEY (issue_id) REFERENCES augur_data.issues (issue_id)
        ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT fk_issue_message_ref_message_1 FOREIGN KEY (msg_id) REFERENCES augur_data.message (msg_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT fk_repo_id_fk1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE augur_data.issues
    ADD CONSTRAINT fk_issues_repo FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT issues_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id),
    ADD CONSTRAINT issues_reporter_id_fkey FOREIGN KEY (reporter_id) REFERENCES augur_data.contributors (cntrb_id);

ALTER TABLE augur_data.libraries
    ADD CONSTRAINT fk_libraries_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.library_dependencies
    ADD CONSTRAINT fk_library_dependencies_libraries_1 FOREIGN KEY (library_id) REFERENCES augur_data.libraries (library_id);

ALTER TABLE augur_data.library_version
    ADD CONSTRAINT fk_library_version_libraries_1 FOREIGN KEY (library_id) REFERENCES augur_data.libraries (library_id);

ALTER TABLE augur_data.lstm_anomaly_results
    ADD CONSTRAINT fk_lstm_anomaly_results_lstm_anomaly_models_1 FOREIGN KEY (model_id) REFERENCES augur_data.lstm_anomaly_models (model_id),
    ADD CONSTRAINT fk_lstm_anomaly_results_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.message
    ADD CONSTRAINT fk_message_platform_1 FOREIGN KEY (pltfrm_id) REFERENCES augur_data.platform (pltfrm_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_message_repo_groups_list_serve_1 FOREIGN KEY (rgls_id) REFERENCES augur_data.repo_groups_list_serve (rgls_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_message_repoid FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT message_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE augur_data.message_analysis
    ADD CONSTRAINT fk_message_analysis_message_1 FOREIGN KEY (msg_id) REFERENCES augur_data.message (msg_id);

ALTER TABLE augur_data.message_analysis_summary
    ADD CONSTRAINT fk_message_analysis_summary_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.message_sentiment
    ADD CONSTRAINT fk_message_sentiment_message_1 FOREIGN KEY (msg_id) REFERENCES augur_data.message (msg_id);

ALTER TABLE augur_data.message_sentiment_summary
    ADD CONSTRAINT fk_message_sentiment_summary_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.pull_request_analysis
    ADD CONSTRAINT fk_pull_request_analysis_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE augur_data.pull_request_assignees
    ADD CONSTRAINT fk_pull_request_assignees_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_pull_request_assignees_repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT pull_request_assignees_contrib_id_fkey FOREIGN KEY (contrib_id) REFERENCES augur_data.contributors (cntrb_id);

ALTER TABLE augur_data.pull_request_commits
    ADD CONSTRAINT fk_pull_request_commits_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_pull_request_commits_repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    ADD CONSTRAINT pull_request_commits_pr_cmt_author_cntrb_id_fkey FOREIGN KEY (pr_cmt_author_cntrb_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE augur_data.pull_request_events
    ADD CONSTRAINT fk_pull_request_events_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fkpr_platform FOREIGN KEY (platform_id) REFERENCES augur_data.platform (pltfrm_id)
        ON UPDATE RESTRICT ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT fkprevent_repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE RESTRICT ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT pull_request_events_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id);

ALTER TABLE augur_data.pull_request_files
    ADD CONSTRAINT fk_pull_request_commits_pull_requests_1_copy_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_pull_request_files_repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE augur_data.pull_request_labels
    ADD CONSTRAINT fk_pull_request_labels_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_pull_request_labels_repo FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.pull_request_message_ref
    ADD CONSTRAINT fk_pr_repo FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    ADD CONSTRAINT fk_pull_request_message_ref_message_1 FOREIGN KEY (msg_id) REFERENCES augur_data.message (msg_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT fk_pull_request_message_ref_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE augur_data.pull_request_meta
    ADD CONSTRAINT fk_pull_request_meta_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_pull_request_repo_meta_repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT pull_request_meta_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id);

ALTER TABLE augur_data.pull_request_repo
    ADD CONSTRAINT fk_pull_request_repo_pull_request_meta_1 FOREIGN KEY (pr_repo_meta_id) REFERENCES augur_data.pull_request_meta (pr_repo_meta_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT pull_request_repo_pr_cntrb_id_fkey FOREIGN KEY (pr_cntrb_id) REFERENCES augur_data.contributors (cntrb_id);

ALTER TABLE augur_data.pull_request_review_message_ref
    ADD CONSTRAINT fk_pull_request_review_message_ref_message_1 FOREIGN KEY (msg_id) REFERENCES augur_data.message (msg_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT fk_pull_request_review_message_ref_pull_request_reviews_1 FOREIGN KEY (pr_review_id) REFERENCES augur_data.pull_request_reviews (pr_review_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT fk_review_repo FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE augur_data.pull_request_reviewers
    ADD CONSTRAINT fk_pull_request_reviewers_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT pull_request_reviewers_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE augur_data.pull_request_reviews
    ADD CONSTRAINT "fk-review-platform" FOREIGN KEY (platform_id) REFERENCES augur_data.platform (pltfrm_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT fk_pull_request_reviews_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT fk_repo_review FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT,
    ADD CONSTRAINT pull_request_reviews_cntrb_id_fkey FOREIGN KEY (cntrb_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.pull_request_teams
    ADD CONSTRAINT fk_pull_request_teams_pull_requests_1 FOREIGN KEY (pull_request_id) REFERENCES augur_data.pull_requests (pull_request_id)
        ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE augur_data.pull_requests
    ADD CONSTRAINT fk_pull_requests_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT pull_requests_pr_augur_contributor_id_fkey FOREIGN KEY (pr_augur_contributor_id) REFERENCES augur_data.contributors (cntrb_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;

ALTER TABLE augur_data.releases
    ADD CONSTRAINT fk_releases_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo
    ADD CONSTRAINT fk_repo_repo_groups_1 FOREIGN KEY (repo_group_id) REFERENCES augur_data.repo_groups (repo_group_id);

ALTER TABLE augur_data.repo_badging
    ADD CONSTRAINT fk_repo_badging_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_clones_data
    ADD CONSTRAINT repo_clones_data_repo_id_fkey FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE augur_data.repo_cluster_messages
    ADD CONSTRAINT fk_repo_cluster_messages_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_dependencies
    ADD CONSTRAINT repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_deps_libyear
    ADD CONSTRAINT repo_id_copy_2 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_deps_scorecard
    ADD CONSTRAINT repo_id_copy_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_group_insights
    ADD CONSTRAINT fk_repo_group_insights_repo_groups_1 FOREIGN KEY (repo_group_id) REFERENCES augur_data.repo_groups (repo_group_id);

ALTER TABLE augur_data.repo_groups_list_serve
    ADD CONSTRAINT fk_repo_groups_list_serve_repo_groups_1 FOREIGN KEY (repo_group_id) REFERENCES augur_data.repo_groups (repo_group_id);

ALTER TABLE augur_data.repo_info
    ADD CONSTRAINT fk_repo_info_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_insights
    ADD CONSTRAINT fk_repo_insights_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_insights_records
    ADD CONSTRAINT repo_id_ref FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE SET NULL;

ALTER TABLE augur_data.repo_labor
    ADD CONSTRAINT fk_repo_labor_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_meta
    ADD CONSTRAINT fk_repo_meta_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_sbom_scans
    ADD CONSTRAINT repo_linker_sbom FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id)
        ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE augur_data.repo_stats
    ADD CONSTRAINT fk_repo_stats_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_test_coverage
    ADD CONSTRAINT fk_repo_test_coverage_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.repo_topic
    ADD CONSTRAINT fk_repo_topic_repo_1 FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.topic_model_event
    ADD CONSTRAINT fk_tme_model_id FOREIGN KEY (model_id) REFERENCES augur_data.topic_model_meta (model_id)
        ON DELETE SET NULL,
    ADD CONSTRAINT fk_tme_repo_id FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_data.topic_model_meta
    ADD CONSTRAINT topic_model_meta_repo_id_fkey FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_operations.client_applications
    ADD CONSTRAINT client_application_user_id_fkey FOREIGN KEY (user_id) REFERENCES augur_operations.users (user_id);

ALTER TABLE augur_operations.collection_status
    ADD CONSTRAINT collection_status_repo_id_fk FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_operations.refresh_tokens
    ADD CONSTRAINT refresh_token_session_token_id_fkey FOREIGN KEY (user_session_token) REFERENCES augur_operations.user_session_tokens (token);

ALTER TABLE augur_operations.subscriptions
    ADD CONSTRAINT subscriptions_application_id_fkey FOREIGN KEY (application_id) REFERENCES augur_operations.client_applications (id),
    ADD CONSTRAINT subscriptions_type_id_fkey FOREIGN KEY (type_id) REFERENCES augur_operations.subscription_types (id);

ALTER TABLE augur_operations.user_groups
    ADD CONSTRAINT user_groups_user_id_fkey FOREIGN KEY (user_id) REFERENCES augur_operations.users (user_id);

ALTER TABLE augur_operations.user_repos
    ADD CONSTRAINT user_repos_group_id_fkey FOREIGN KEY (group_id) REFERENCES augur_operations.user_groups (group_id),
    ADD CONSTRAINT user_repos_repo_id_fkey FOREIGN KEY (repo_id) REFERENCES augur_data.repo (repo_id);

ALTER TABLE augur_operations.user_session_tokens
    ADD CONSTRAINT user_session_token_application_id_fkey FOREIGN KEY (application_id) REFERENCES augur_operations.client_applications (id),
    ADD CONSTRAINT user_session_token_user_fk FOREIGN KEY (user_id) REFERENCES augur_operations.users (user_id);

ALTER TABLE spdx.annotations
    ADD CONSTRAINT annotations_annotation_type_id_fkey FOREIGN KEY (annotation_type_id) REFERENCES spdx.annotation_types (annotation_type_id),
    ADD CONSTRAINT annotations_creator_id_fkey FOREIGN KEY (creator_id) REFERENCES spdx.creators (creator_id),
    ADD CONSTRAINT annotations_document_id_fkey FOREIGN KEY (document_id) REFERENCES spdx.documents (document_id),
    ADD CONSTRAINT annotations_identifier_id_fkey FOREIGN KEY (identifier_id) REFERENCES spdx.identifiers (identifier_id);

ALTER TABLE spdx.creators
    ADD CONSTRAINT creators_creator_type_id_fkey FOREIGN KEY (creator_type_id) REFERENCES spdx.creator_types (creator_type_id);

ALTER TABLE spdx.documents
    ADD CONSTRAINT documents_data_license_id_fkey FOREIGN KEY (data_license_id) REFERENCES spdx.licenses (license_id),
    ADD CONSTRAINT documents_document_namespace_id_fkey FOREIGN KEY (document_namespace_id) REFERENCES spdx.document_namespaces (document_namespace_id),
    ADD CONSTRAINT documents_package_id_fkey FOREIGN KEY (package_id) REFERENCES spdx.packages (package_id);

ALTER TABLE spdx.documents_creators
    ADD CONSTRAINT documents_creators_creator_id_fkey FOREIGN KEY (creator_id) REFERENCES spdx.creators (creator_id),
    ADD CONSTRAINT documents_creators_document_id_fkey FOREIGN KEY (document_id) REFERENCES spdx.documents (document_id);

ALTER TABLE spdx.external_refs
    ADD CONSTRAINT external_refs_document_id_fkey FOREIGN KEY (document_id) REFERENCES spdx.documents (document_id),
    ADD CONSTRAINT external_refs_document_namespace_id_fkey FOREIGN KEY (document_namespace_id) REFERENCES spdx.document_namespaces (document_namespace_id);

ALTER TABLE spdx.file_contributors
    ADD CONSTRAINT file_contributors_file_id_fkey FOREIGN KEY (file_id) REFERENCES spdx.files (file_id);

ALTER TABLE spdx.files_licenses
    ADD CONSTRAINT files_licenses_file_id_fkey FOREIGN KEY (file_id) REFERENCES spdx.files (file_id),
    ADD CONSTRAINT files_licenses_license_id_fkey FOREIGN KEY (license_id) REFERENCES spdx.licenses (license_id);

ALTER TABLE spdx.files_scans
    ADD CONSTRAINT files_scans_file_id_fkey FOREIGN KEY (file_id) REFERENCES spdx.files (file_id),
    ADD CONSTRAINT files_scans_scanner_id_fkey FOREIGN KEY (scanner_id) REFERENCES spdx.scanners (scanner_id);

ALTER TABLE spdx.identifiers
    ADD CONSTRAINT identifiers_document_id_fkey FOREIGN KEY (document_id) REFERENCES spdx.documents (document_id),
    ADD CONSTRAINT identifiers_document_namespace_id_fkey FOREIGN KEY (document_namespace_id) REFERENCES spdx.document_namespaces (document_namespace_id),
    ADD CONSTRAINT identifiers_package_file_id_fkey FOREIGN KEY (package_file_id) REFERENCES spdx.packages_files (package_file_id),
    ADD CONSTRAINT identifiers_package_id_fkey FOREIGN KEY (package_id) REFERENCES spdx.packages (package_id);

ALTER TABLE spdx.packages
    ADD CONSTRAINT fk_package_packages_files FOREIGN KEY (ver_code_excluded_file_id) REFERENCES spdx.packages_files (package_file_id),
    ADD CONSTRAINT packages_concluded_license_id_fkey FOREIGN KEY (concluded_license_id) REFERENCES spdx.licenses (license_id),
    ADD CONSTRAINT packages_declared_license_id_fkey FOREIGN KEY (declared_license_id) REFERENCES spdx.licenses (license_id),
    ADD CONSTRAINT packages_originator_id_fkey FOREIGN KEY (originator_id) REFERENCES spdx.creators (creator_id),
    ADD CONSTRAINT packages_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES spdx.creators (creator_id);

ALTER TABLE spdx.packages_files
    ADD CONSTRAINT fk_package_files_packages FOREIGN KEY (package_id) REFERENCES spdx.packages (package_id),
    ADD CONSTRAINT packages_files_concluded_license_id_fkey FOREIGN KEY (concluded_license_id) REFERENCES spdx.licenses (license_id),
    ADD CONSTRAINT packages_files_file_id_fkey FOREIGN KEY (file_id) REFERENCES spdx.files (file_id);

ALTER TABLE spdx.packages_scans
    ADD CONSTRAINT packages_scans_package_id_fkey FOREIGN KEY (package_id) REFERENCES spdx.packages (package_id),
    ADD CONSTRAINT packages_scans_scanner_id_fkey FOREIGN KEY (scanner_id) REFERENCES spdx.scanners (scanner_id);

ALTER TABLE spdx.relationships
    ADD CONSTRAINT relationships_left_identifier_id_fkey FOREIGN KEY (left_identifier_id) REFERENCES spdx.identifiers (identifier_id),
    ADD CONSTRAINT relationships_relationship_type_id_fkey FOREIGN KEY (relationship_type_id) REFERENCES spdx.relationship_types (relationship_type_id),
    ADD CONSTRAINT relationships_right_identifier_id_fkey FOREIGN KEY (right_identifier_id) REFERENCES spdx.identifiers (identifier_id);

-- +goose Down

DROP TABLE
    spdx.annotation_types,
    spdx.annotations,
    spdx.augur_repo_map,
    spdx.creator_types,
    spdx.creators,
    spdx.document_namespaces,
    spdx.documents,
    spdx.documents_creators,
    spdx.external_refs,
    spdx.file_contributors,
    spdx.file_types,
    spdx.files,
    spdx.files_licenses,
    spdx.files_scans,
    spdx.identifiers,
    spdx.licenses,
    spdx.packages,
    spdx.packages_files,
    spdx.packages_scans,
    spdx.projects,
    spdx.relationship_types,
    spdx.relationships,
    spdx.sbom_scans,
    spdx.scanners
    CASCADE;

DROP TABLE
    augur_operations."all",
    augur_operations.augur_settings,
    augur_operations.client_applications,
    augur_operations.collection_status,
    augur_operations.config,
    augur_operations.refresh_tokens,
    augur_operations.repos_fetch_log,
    augur_operations.subscription_types,
    augur_operations.subscriptions,
    augur_operations.user_groups,
    augur_operations.user_repos,
    augur_operations.user_session_tokens,
    augur_operations.users,
    augur_operations.worker_history,
    augur_operations.worker_job,
    augur_operations.worker_oauth,
    augur_operations.worker_settings_facade,
    augur_operations.working_commits
    CASCADE;

DROP TABLE
    augur_data.analysis_log,
    augur_data.chaoss_metric_status,
    augur_data.chaoss_user,
    augur_data.commit_comment_ref,
    augur_data.commits,
    augur_data.commit_messages,
    augur_data.commit_parents,
    augur_data.contributor_affiliations,
    augur_data.contributor_repo,
    augur_data.contributors,
    augur_data.contributors_aliases,
    augur_data.dei_badging,
    augur_data.discourse_insights,
    augur_data.dm_repo_annual,
    augur_data.dm_repo_group_annual,
    augur_data.dm_repo_group_monthly,
    augur_data.dm_repo_group_weekly,
    augur_data.dm_repo_monthly,
    augur_data.dm_repo_weekly,
    augur_data.exclude,
    augur_data.historical_repo_urls,
    augur_data.issue_assignees,
    augur_data.issue_events,
    augur_data.issue_labels,
    augur_data.issue_message_ref,
    augur_data.issues,
    augur_data.libraries,
    augur_data.library_dependencies,
    augur_data.library_version,
    augur_data.lstm_anomaly_models,
    augur_data.lstm_anomaly_results,
    augur_data.message,
    augur_data.message_analysis,
    augur_data.message_analysis_summary,
    augur_data.message_sentiment,
    augur_data.message_sentiment_summary,
    augur_data.platform,
    augur_data.pull_request_analysis,
    augur_data.pull_request_assignees,
    augur_data.pull_request_commits,
    augur_data.pull_request_events,
    augur_data.pull_request_files,
    augur_data.pull_request_labels,
    augur_data.pull_request_message_ref,
    augur_data.pull_request_meta,
    augur_data.pull_request_repo,
    augur_data.pull_request_review_message_ref,
    augur_data.pull_request_reviewers,
    augur_data.pull_request_reviews,
    augur_data.pull_request_teams,
    augur_data.pull_requests,
    augur_data.releases,
    augur_data.repo,
    augur_data.repo_badging,
    augur_data.repo_clones_data,
    augur_data.repo_cluster_messages,
    augur_data.repo_dependencies,
    augur_data.repo_deps_libyear,
    augur_data.repo_deps_scorecard,
    augur_data.repo_group_insights,
    augur_data.repo_groups,
    augur_data.repo_groups_list_serve,
    augur_data.repo_info,
    augur_data.repo_insights,
    augur_data.repo_insights_records,
    augur_data.repo_labor,
    augur_data.repo_meta,
    augur_data.repo_sbom_scans,
    augur_data.repo_stats,
    augur_data.repo_test_coverage,
    augur_data.repo_topic,
    augur_data.repos_fetch_log,
    augur_data.settings,
    augur_data.topic_model_event,
    augur_data.topic_model_meta,
    augur_data.topic_words,
    augur_data.unknown_cache,
    augur_data.unresolved_commit_emails,
    augur_data.utility_log,
    augur_data.working_commits
    CASCADE;

-- augur_operations stays: it holds the version table of the migrations.
DROP SCHEMA spdx;
DROP SCHEMA augur_data;

-- Rows that consumers and the program expect in a fresh database. There are no repositories among them: those are the user's.
-- Rows that exist already stay as they are, and the sequences go on behind the highest id.

-- +goose Up

INSERT INTO augur_data.platform (pltfrm_id, pltfrm_name, tool_source, data_source)
VALUES
    (0, 'Unresolved', 'augur', 'seed'),
    (1, 'GitHub', 'augur', 'seed'),
    (2, 'GitLab', 'augur', 'seed')
ON CONFLICT DO NOTHING;

-- 1 and 10 are the group of repositories that come without one (Augur has both, and CSV files name either). Web interfaces look for
-- 'Frontend Repos' by its name.
INSERT INTO augur_data.repo_groups
    (repo_group_id, rg_name, rg_description, rg_website, rg_recache, rg_type, tool_source, data_source)
VALUES
    (1, 'Default Repo Group', 'Repositories that were added without a group.', '', 0, 'Unknown', 'augur', 'seed'),
    (10, 'Default Repo Group', 'Repositories that were added without a group.', '', 0, 'Unknown', 'augur', 'seed'),
    (25430, 'Frontend Repos', 'Repositories that were added in the web interface.', '', 0, 'Unknown', 'augur', 'seed')
ON CONFLICT DO NOTHING;

-- Stand-ins for people whom a platform does not name.
INSERT INTO augur_data.contributors (cntrb_id, cntrb_login, tool_source, data_source)
VALUES
    ('00000000-0000-0000-0000-000000000000', 'not-provided', 'augur', 'seed'),
    ('01000000-0000-0000-0000-000000000000', 'nan', 'augur', 'seed')
ON CONFLICT (cntrb_id) DO NOTHING;

-- What programs of the Facade age read. Our own settings are in augur_operations.config.
INSERT INTO augur_data.settings (id, setting, value)
VALUES
    (1, 'start_date', '2001-01-01'),
    (2, 'database_version', '7'),
    (3, 'results_visibility', 'show'),
    (4, 'google_analytics', 'disabled'),
    (5, 'report_date', 'committer'),
    (6, 'report_attribution', 'author'),
    (7, 'update_frequency', '24'),
    (8, 'repo_directory', 'repos/'),
    (9, 'log_level', 'Quiet'),
    (10, 'working_author', 'done'),
    (11, 'utility_status', 'Idle'),
    (12, 'affiliations_processed', '2001-01-01 00:00:00'),
    (13, 'aliases_processed', '2001-01-01 00:00:00')
ON CONFLICT DO NOTHING;

INSERT INTO augur_operations.augur_settings (id, setting, value)
VALUES (1, 'augur_data_version', '100')
ON CONFLICT DO NOTHING;

-- The owner of what is added on the command line. '!' is no hash of any password, so nobody can log in as this user.
INSERT INTO augur_operations.users
    (user_id, login_name, login_hashword, email, first_name, last_name, tool_source, data_source, admin, email_verified)
VALUES (1, 'cli_user', '!', 'cli_user@localhost', 'CLI', 'User', 'augur', 'seed', false, false)
ON CONFLICT DO NOTHING;

INSERT INTO augur_operations.user_groups (group_id, user_id, name)
VALUES (1, 1, 'default')
ON CONFLICT DO NOTHING;

-- A start. Add your own: the domain of an e-mail address, or a whole address.
INSERT INTO augur_data.contributor_affiliations (ca_domain, ca_affiliation)
VALUES
    ('accenture.com', 'Accenture'),
    ('adobe.com', 'Adobe'),
    ('airbnb.com', 'Airbnb'),
    ('akamai.com', 'Akamai'),
    ('alibaba-inc.com', 'Alibaba'),
    ('aliyun.com', 'Alibaba'),
    ('amazon.com', 'Amazon'),
    ('amazon.de', 'Amazon'),
    ('amd.com', 'AMD'),
    ('apache.org', 'Apache Software Foundation'),
    ('apple.com', 'Apple'),
    ('arm.com', 'Arm'),
    ('asu.edu', 'Arizona State University'),
    ('atlassian.com', 'Atlassian'),
    ('att.com', 'AT&T'),
    ('autodesk.com', 'Autodesk'),
    ('baidu.com', 'Baidu'),
    ('berkeley.edu', 'University of California, Berkeley'),
    ('bloomberg.net', 'Bloomberg'),
    ('bmw.de', 'BMW'),
    ('bootlin.com', 'Bootlin'),
    ('bosch.com', 'Bosch'),
    ('br.ibm.com', 'IBM'),
    ('broadcom.com', 'Broadcom'),
    ('bytedance.com', 'ByteDance'),
    ('caltech.edu', 'California Institute of Technology'),
    ('cam.ac.uk', 'University of Cambridge'),
    ('canonical.com', 'Canonical'),
    ('capitalone.com', 'Capital One'),
    ('cern.ch', 'CERN'),
    ('chromium.org', 'Google'),
    ('cisco.com', 'Cisco'),
    ('citrix.com', 'Citrix'),
    ('cloudera.com', 'Cloudera'),
    ('cloudflare.com', 'Cloudflare'),
    ('cmu.edu', 'Carnegie Mellon University'),
    ('cn.ibm.com', 'IBM'),
    ('collabora.co.uk', 'Collabora'),
    ('collabora.com', 'Collabora'),
    ('columbia.edu', 'Columbia University'),
    ('confluent.io', 'Confluent'),
    ('cornell.edu', 'Cornell University'),
    ('databricks.com', 'Databricks'),
    ('datadoghq.com', 'Datadog'),
    ('de.ibm.com', 'IBM'),
    ('debian.org', 'Debian'),
    ('deepmind.com', 'Google'),
    ('dell.com', 'Dell'),
    ('digitalocean.com', 'DigitalOcean'),
    ('docker.com', 'Docker'),
    ('dropbox.com', 'Dropbox'),
    ('ebay.com', 'eBay'),
    ('eclipse.org', 'Eclipse Foundation'),
    ('elastic.co', 'Elastic'),
    ('enterprisedb.com', 'EDB'),
    ('epam.com', 'EPAM'),
    ('epfl.ch', 'EPFL'),
    ('ericsson.com', 'Ericsson'),
    ('ethz.ch', 'ETH Zurich'),
    ('facebook.com', 'Meta'),
    ('fastly.com', 'Fastly'),
    ('fb.com', 'Meta'),
    ('freebsd.org', 'FreeBSD Foundation'),
    ('freescale.com', 'NXP'),
    ('fsf.org', 'Free Software Foundation'),
    ('fujitsu.com', 'Fujitsu'),
    ('gatech.edu', 'Georgia Institute of Technology'),
    ('gentoo.org', 'Gentoo'),
    ('github.com', 'GitHub'),
    ('gitlab.com', 'GitLab'),
    ('gnome.org', 'GNOME Foundation'),
    ('gnu.org', 'Free Software Foundation'),
    ('google.com', 'Google'),
    ('grafana.com', 'Grafana Labs'),
    ('harvard.edu', 'Harvard University'),
    ('hashicorp.com', 'HashiCorp'),
    ('hitachi.com', 'Hitachi'),
    ('hp.com', 'HP'),
    ('hpe.com', 'Hewlett Packard Enterprise'),
    ('huawei.com', 'Huawei'),
    ('huggingface.co', 'Hugging Face'),
    ('ibm.com', 'IBM'),
    ('igalia.com', 'Igalia'),
    ('illinois.edu', 'University of Illinois'),
    ('imperial.ac.uk', 'Imperial College London'),
    ('in.ibm.com', 'IBM'),
    ('inria.fr', 'Inria'),
    ('intel.com', 'Intel'),
    ('jetbrains.com', 'JetBrains'),
    ('jhu.edu', 'Johns Hopkins University'),
    ('joyent.com', 'Joyent'),
    ('juniper.net', 'Juniper Networks'),
    ('kde.org', 'KDE'),
    ('kernel.org', 'Linux Foundation'),
    ('kitware.com', 'Kitware'),
    ('lbl.gov', 'Lawrence Berkeley National Laboratory'),
    ('lenovo.com', 'Lenovo'),
    ('linaro.org', 'Linaro'),
    ('linkedin.com', 'LinkedIn'),
    ('linux.alibaba.com', 'Alibaba'),
    ('linux.com', 'Linux Foundation'),
    ('linux.ibm.com', 'IBM'),
    ('linux.intel.com', 'Intel'),
    ('linux.microsoft.com', 'Microsoft'),
    ('linux.vnet.ibm.com', 'IBM'),
    ('linuxfoundation.org', 'Linux Foundation'),
    ('llnl.gov', 'Lawrence Livermore National Laboratory'),
    ('manchester.ac.uk', 'University of Manchester'),
    ('marvell.com', 'Marvell'),
    ('mediatek.com', 'MediaTek'),
    ('meta.com', 'Meta'),
    ('microsoft.com', 'Microsoft'),
    ('missouri.edu', 'University of Missouri'),
    ('mit.edu', 'Massachusetts Institute of Technology'),
    ('mongodb.com', 'MongoDB'),
    ('mozilla.com', 'Mozilla'),
    ('mozilla.org', 'Mozilla'),
    ('nasa.gov', 'NASA'),
    ('nec.com', 'NEC'),
    ('netapp.com', 'NetApp'),
    ('netflix.com', 'Netflix'),
    ('netlify.com', 'Netlify'),
    ('nginx.com', 'F5'),
    ('nokia.com', 'Nokia'),
    ('novell.com', 'SUSE'),
    ('nvidia.com', 'NVIDIA'),
    ('nxp.com', 'NXP'),
    ('openai.com', 'OpenAI'),
    ('opensuse.org', 'SUSE'),
    ('oracle.com', 'Oracle'),
    ('orange.com', 'Orange'),
    ('ornl.gov', 'Oak Ridge National Laboratory'),
    ('ovh.net', 'OVHcloud'),
    ('ox.ac.uk', 'University of Oxford'),
    ('oxide.computer', 'Oxide Computer'),
    ('panasonic.com', 'Panasonic'),
    ('paypal.com', 'PayPal'),
    ('pengutronix.de', 'Pengutronix'),
    ('percona.com', 'Percona'),
    ('pingcap.com', 'PingCAP'),
    ('pinterest.com', 'Pinterest'),
    ('pivotal.io', 'VMware'),
    ('postgresql.org', 'PostgreSQL Global Development Group'),
    ('princeton.edu', 'Princeton University'),
    ('progress.com', 'Progress'),
    ('puppet.com', 'Puppet'),
    ('purdue.edu', 'Purdue University'),
    ('python.org', 'Python Software Foundation'),
    ('qualcomm.com', 'Qualcomm'),
    ('rackspace.com', 'Rackspace'),
    ('redhat.com', 'Red Hat'),
    ('redis.com', 'Redis'),
    ('redis.io', 'Redis'),
    ('renesas.com', 'Renesas'),
    ('salesforce.com', 'Salesforce'),
    ('samba.org', 'Samba Team'),
    ('samsung.com', 'Samsung'),
    ('sandia.gov', 'Sandia National Laboratories'),
    ('sap.com', 'SAP'),
    ('seagate.com', 'Seagate'),
    ('sentry.io', 'Sentry'),
    ('shopify.com', 'Shopify'),
    ('siemens.com', 'Siemens'),
    ('snowflake.com', 'Snowflake'),
    ('sony.com', 'Sony'),
    ('spotify.com', 'Spotify'),
    ('squareup.com', 'Block'),
    ('st.com', 'STMicroelectronics'),
    ('stanford.edu', 'Stanford University'),
    ('stripe.com', 'Stripe'),
    ('suse.com', 'SUSE'),
    ('suse.cz', 'SUSE'),
    ('suse.de', 'SUSE'),
    ('synopsys.com', 'Synopsys'),
    ('tencent.com', 'Tencent'),
    ('ti.com', 'Texas Instruments'),
    ('toronto.edu', 'University of Toronto'),
    ('toshiba.co.jp', 'Toshiba'),
    ('tsinghua.edu.cn', 'Tsinghua University'),
    ('tu-berlin.de', 'TU Berlin'),
    ('tudelft.nl', 'Delft University of Technology'),
    ('tum.de', 'Technical University of Munich'),
    ('twilio.com', 'Twilio'),
    ('twitter.com', 'X'),
    ('uber.com', 'Uber'),
    ('ubuntu.com', 'Canonical'),
    ('ucla.edu', 'University of California, Los Angeles'),
    ('ucsd.edu', 'University of California, San Diego'),
    ('uk.ibm.com', 'IBM'),
    ('umich.edu', 'University of Michigan'),
    ('unity3d.com', 'Unity'),
    ('unomaha.edu', 'University of Nebraska at Omaha'),
    ('us.ibm.com', 'IBM'),
    ('utexas.edu', 'University of Texas at Austin'),
    ('uwaterloo.ca', 'University of Waterloo'),
    ('vercel.com', 'Vercel'),
    ('verizon.com', 'Verizon'),
    ('virtuozzo.com', 'Virtuozzo'),
    ('visa.com', 'Visa'),
    ('vmware.com', 'VMware'),
    ('w3.org', 'World Wide Web Consortium'),
    ('walmart.com', 'Walmart'),
    ('washington.edu', 'University of Washington'),
    ('wdc.com', 'Western Digital'),
    ('wikimedia.de', 'Wikimedia Deutschland'),
    ('wikimedia.org', 'Wikimedia Foundation'),
    ('windriver.com', 'Wind River'),
    ('wisc.edu', 'University of Wisconsin-Madison'),
    ('xilinx.com', 'AMD'),
    ('yahoo-inc.com', 'Yahoo'),
    ('yale.edu', 'Yale University'),
    ('yandex-team.ru', 'Yandex'),
    ('zalando.de', 'Zalando'),
    ('zte.com.cn', 'ZTE')
ON CONFLICT DO NOTHING;

SELECT setval('augur_data.platform_pltfrm_id_seq', max(pltfrm_id)) FROM augur_data.platform;
SELECT setval('augur_data.repo_groups_repo_group_id_seq', max(repo_group_id)) FROM augur_data.repo_groups;
SELECT setval('augur_operations.augur_settings_id_seq', max(id)) FROM augur_operations.augur_settings;
SELECT setval('augur_operations.users_user_id_seq', max(user_id)) FROM augur_operations.users;
SELECT setval('augur_operations.user_groups_group_id_seq', max(group_id)) FROM augur_operations.user_groups;

-- +goose Down

-- The rows stay: others may refer to them, and the way up leaves them as they are.
SELECT 1;

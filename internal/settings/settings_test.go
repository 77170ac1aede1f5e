// Package settings_test looks at all sections of the settings together, which no package below cmd may do.
package settings_test

import (
	"bytes"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/insight"
	"augur/monitor"
	"augur/monitor/care"
	"augur/monitor/supervisor"
	"augur/tasks/apikey"
	"augur/tasks/badges"
	"augur/tasks/git"
	"augur/tasks/github"
	"augur/tasks/github/api"
	"augur/tasks/insights"
	"augur/tasks/scorecard"
	"augur/web"
)

func registry() *config.Registry {
	return config.NewRegistry(
		config.NewSection[badges.Settings]("Badges"),
		config.NewSection[supervisor.Celery]("Celery"),
		config.NewSection[care.Views]("Celery"),
		config.NewSection[git.Settings]("Facade"),
		config.NewSection[api.Settings]("GitHub"),
		config.NewSection[github.Settings]("GitHub"),
		config.NewSection[insight.Settings]("Insight_Task"),
		config.NewSection[insights.Notify]("Insight_Task"),
		config.NewSection[apikey.Keys]("Keys"),
		config.NewSection[supervisor.Logging]("Logging"),
		config.NewSection[git.Registries]("Registries"),
		config.NewSection[scorecard.Settings]("Scorecard"),
		config.NewSection[web.Server]("Server"),
		config.NewSection[monitor.TaskRoutine]("Task_Routine"),
		config.NewSection[monitor.Tasks]("Tasks"),
		config.NewSection[care.Settings]("Tasks"),
	)
}

// values are the structs of a store, to compare two.
func values(s *config.Store) []any {
	return []any{
		config.Of[supervisor.Celery](s), config.Of[care.Views](s), config.Of[git.Settings](s), config.Of[api.Settings](s), config.Of[github.Settings](s), config.Of[insight.Settings](s), config.Of[insights.Notify](s),
		config.Of[apikey.Keys](s), config.Of[supervisor.Logging](s), config.Of[web.Server](s), config.Of[monitor.TaskRoutine](s), config.Of[monitor.Tasks](s),
		config.Of[care.Settings](s),
	}
}

func TestDefaultsAreTheUsersOwn(t *testing.T) {
	t.Parallel()
	s := config.Static(registry())
	require.Equal(t, 365, config.Of[insight.Settings](s).TrainingDays)
	require.Equal(t, 2, config.Of[insight.Settings](s).AnomalyDays)
	require.InDelta(t, .041, config.Of[insight.Settings](s).Contamination, 0)
	require.Equal(t, "repos/", config.Of[git.Settings](s).RepoDirectory)
	require.Equal(t, monitor.TaskRoutine{Prelim: true, Core: true, Secondary: true, Facade: true}, config.Of[monitor.TaskRoutine](s))
	require.InDelta(t, .25, config.Of[supervisor.Celery](s).VMemCap, 0)
	require.Equal(t, 24*time.Hour, config.Of[care.Views](s).RefreshInterval)
	require.Equal(t, 30*time.Second, config.Of[monitor.Tasks](s).CollectionInterval)
	require.Equal(t, 15*24*time.Hour, config.Of[monitor.Tasks](s).CoreInterval)
	require.Equal(t, "127.0.0.1", config.Of[web.Server](s).Host)
}

// Augur's table, with its types; without Redis and RabbitMQ.
const augurs = `Augur.developer int, Augur.version int,
Celery.core_worker_count int, Celery.facade_worker_count int, Celery.refresh_materialized_views_interval_in_days int, Celery.secondary_worker_count int,
Celery.worker_process_vmem_cap float,
Clustering_Task.max_df float, Clustering_Task.max_features int, Clustering_Task.min_df float, Clustering_Task.num_clusters int,
Facade.check_updates int, Facade.commit_messages int, Facade.create_xlsx_summary_files int, Facade.delete_marked_repos int,
Facade.facade_contributor_full_recollect int, Facade.fix_affiliations int, Facade.force_invalidate_caches int, Facade.limited_run int, Facade.multithreaded int,
Facade.nuke_stored_affiliations int, Facade.pull_repos int, Facade.rebuild_caches int, Facade.repo_directory str, Facade.run_analysis int,
Facade.run_facade_contributors int,
Frontend.pagination_offset int,
Insight_Task.anomaly_days int, Insight_Task.confidence_interval int, Insight_Task.contamination float, Insight_Task.switch int, Insight_Task.training_days int,
Insight_Task.workers int,
Keys.github_api_key str, Keys.gitlab_api_key str,
Logging.log_level str, Logging.logs_directory str,
Message_Insights.insight_days int, Message_Insights.models_dir str,
Server.cache_expire str, Server.host str, Server.port int, Server.ssl bool, Server.ssl_cert_file str, Server.ssl_key_file str, Server.timeout int, Server.workers int,
Task_Routine.facade_phase int, Task_Routine.machine_learning_phase int, Task_Routine.prelim_phase int, Task_Routine.primary_repo_collect_phase int,
Task_Routine.secondary_repo_collect_phase int,
Tasks.collection_interval int, Tasks.core_collection_interval_days int, Tasks.default_batch_size int, Tasks.facade_collection_interval_days int,
Tasks.github_event_batch_size int, Tasks.github_message_batch_size int, Tasks.ml_collection_interval_days int, Tasks.secondary_collection_interval_days int`

func TestEveryKeyOfAugurIsThereWithItsType(t *testing.T) {
	t.Parallel()
	reg := registry()
	for line := range strings.SplitSeq(augurs, ",") {
		path, typ, _ := strings.Cut(strings.TrimSpace(line), " ")
		section, name, _ := strings.Cut(path, ".")
		setting, known := reg.Setting(section, name)
		require.True(t, known, path)
		require.Equal(t, typ, setting.Type, path)
	}
}

func TestNonsenseChangesNothing(t *testing.T) {
	t.Parallel()
	ctx, pool, reg := t.Context(), dbtest.New(t), registry()
	_, err := config.Init(ctx, pool, reg, config.InitOptions{})
	require.NoError(t, err)
	var log bytes.Buffer
	store, err := config.Read(ctx, pool, reg, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	defaults := values(store)
	require.Equal(t, values(config.Static(reg)), defaults)
	update := func(setting config.Setting, value string) {
		_, err := pool.Exec(ctx, "UPDATE augur_operations.config SET value = $3 WHERE section_name = $1 AND setting_name = $2", setting.Section, setting.Name, value)
		require.NoError(t, err)
		require.NoError(t, store.Refresh(ctx, pool))
	}
	accepted := map[string][]string{}
	for _, setting := range reg.Settings() {
		nonsense := []string{"", "-1", "abc", "1e9", "1000000001", "99999999999999999999", "NaN", "a\nb", "$HOME/x", "../x", "/", strings.Repeat("7", 70_000)}
		if setting.Path() == "Facade.repo_directory" || setting.Path() == "Keys.github_api_key" {
			nonsense = append(nonsense, strings.Repeat("8", 10<<20))
		}
		for _, value := range nonsense {
			log.Reset()
			update(setting, value)
			problems := store.Problems()
			if len(problems) == 0 {
				accepted[setting.Path()] = append(accepted[setting.Path()], value)
				update(setting, setting.Default)
				continue
			}
			require.Len(t, problems, 1, "%s = %.40q", setting.Path(), value)
			require.Equal(t, setting.Path(), problems[0].Section+"."+problems[0].Setting)
			require.Equal(t, defaults, values(store), "%s = %.40q", setting.Path(), value)
			require.Equal(t, 1, strings.Count(log.String(), "setting has no effect"))
			require.Less(t, log.Len(), 1000)
			require.NoError(t, store.Refresh(ctx, pool))
			require.Equal(t, 1, strings.Count(log.String(), "setting has no effect"), "a bad value is logged once")
		}
		update(setting, setting.Default)
		require.Empty(t, store.Problems())
	}
	text := []string{"", "-1", "abc", "1e9", "1000000001", "99999999999999999999", "NaN", "$HOME/x", "../x", "/"}
	require.Equal(t, map[string][]string{
		"Badges.url": {""},
		"Celery.refresh_materialized_views_interval_in_days": {"-1"},
		"Facade.disk_quota":             {"1000000001"},
		"Facade.free_space_floor":       {"1000000001"},
		"Facade.tree_file_limit":        {"1000000001"},
		"Facade.url_rewrite":            {""},
		"GitHub.graphql_url":            {""},
		"Registries.crates":             {""},
		"Registries.go":                 {""},
		"Registries.maven":              {""},
		"Registries.npm":                {""},
		"Registries.nuget":              {""},
		"Registries.packagist":          {""},
		"Registries.pypi":               {""},
		"Registries.rubygems":           {""},
		"Insight_Task.notify_mail_from": {""}, "Insight_Task.notify_mail_password": text, "Insight_Task.notify_mail_server": {""}, "Insight_Task.notify_mail_to": {""},
		"Insight_Task.notify_mail_user": text, "Insight_Task.notify_slack_url": {""}, "Insight_Task.notify_webhook_secret": text, "Insight_Task.notify_webhook_url": {""},
		"Keys.github_api_key":         text,
		"Keys.github_app_private_key": {""},
		"Keys.gitlab_api_key":         text,
		"Logging.logs_directory":      {"", "/"},
		"Message_Insights.models_dir": text,
		"Scorecard.tool":              {""},
		"Server.host":                 {"abc", "1e9", "NaN"},
		"Server.ssl_cert_file":        {"", "/"},
		"Server.ssl_key_file":         {"", "/"},
	}, accepted)
}

func TestDocumentationIsComplete(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	section, row := regexp.MustCompile(`^## (\w+)$`), regexp.MustCompile("^\\| `(\\w+)` \\| (\\w+) \\|[^|]*\\| `?([^|`]*)`? \\|.*\\| (.*) \\|$")
	var documented, known []string
	current := ""
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if m := section.FindStringSubmatch(line); m != nil {
			current = m[1]
		}
		if m := row.FindStringSubmatch(line); m != nil {
			documented = append(documented, strings.Join([]string{current + "." + m[1], m[2], strings.TrimSpace(m[3]), m[4]}, " | "))
		}
	}
	for _, s := range registry().Settings() {
		effect := string(s.Effect)
		if s.Unused != "" {
			effect = "**unused**: " + s.Unused
		}
		known = append(known, strings.Join([]string{s.Path(), s.Type, s.Default, effect}, " | "))
	}
	slices.Sort(documented)
	slices.Sort(known)
	require.Equal(t, known, documented, "run make generate")
}

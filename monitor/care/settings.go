package care

import "time"

// Views is the part of section Celery that concerns the materialized views.
type Views struct {
	_ struct{} `section:"Celery" effect:"at once"`

	// Days between two refreshes of the materialized views. Views below which nothing changed are left alone. 0 or less: none is refreshed.
	RefreshInterval time.Duration `setting:"refresh_materialized_views_interval_in_days" default:"1" unit:"24h" min:"-1" max:"3650"`
}

// Settings is the part of section Tasks that concerns the care of the database: how long the refresh of a view may take, and how long is
// remembered how collection went. What was collected is never removed.
type Settings struct {
	_ struct{} `section:"Tasks" effect:"at once"`

	// Longest time of the refresh of one materialized view; after it the view stays as it was, and the next interval tries again. Go duration
	// text (`90s`, `30m`, `2h`).
	ViewTimeout time.Duration `setting:"view_refresh_timeout" default:"1h" min:"1ms" max:"168h"`
	// Days that changes of status are kept in collection_event. The newest of each repository and phase always stays. 0: all stay.
	EventRetention time.Duration `setting:"event_retention_days" default:"180" unit:"24h" min:"0" max:"3650"`
	// Days that finished runs and their tasks are kept in collection_run and collection_task. 0: all stay.
	RunRetention time.Duration `setting:"run_retention_days" default:"180" unit:"24h" min:"0" max:"3650"`
	// Newest runs of each repository and phase that stay however old they are.
	RunsKept int `setting:"runs_kept" default:"10" min:"1" max:"10000"`
	// Days that clones and fetches are kept in repos_fetch_log. 0: all stay.
	FetchRetention time.Duration `setting:"fetch_log_retention_days" default:"180" unit:"24h" min:"0" max:"3650"`
	// Days that requests to APIs are kept in api_spending, by hour, key, task, repository and job. 0: all stay.
	SpendingRetention time.Duration `setting:"api_spending_retention_days" default:"30" unit:"24h" min:"0" max:"3650"`
}

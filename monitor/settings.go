package monitor

import "time"

// Tasks is section Tasks of the settings table: how often the monitor looks, how old data may become, how much is collected at once.
type Tasks struct {
	_ struct{} `section:"Tasks" effect:"next tick"`

	// Time between two looks of the monitor, in seconds.
	CollectionInterval time.Duration `setting:"collection_interval" default:"30" unit:"1s" min:"1" max:"86400"`
	// Age in days at which issues, pull requests and releases of a repository are collected again.
	CoreInterval time.Duration `setting:"core_collection_interval_days" default:"15" unit:"24h" min:"1" max:"3650"`
	// Age in days at which reviews, files and commits of pull requests are collected again.
	SecondaryInterval time.Duration `setting:"secondary_collection_interval_days" default:"10" unit:"24h" min:"1" max:"3650"`
	// Age in days at which the git history of a repository is collected again.
	FacadeInterval time.Duration `setting:"facade_collection_interval_days" default:"10" unit:"24h" min:"1" max:"3650"`
	// Age in days at which the machine learning tasks of a repository run again.
	MLInterval time.Duration `setting:"ml_collection_interval_days" default:"40" unit:"24h" min:"1" max:"3650"`

	// Most repositories that are in the core phase at a time, over all machines. 0: none is started; what runs ends normally.
	MaxCore int `setting:"max_core" default:"40" min:"0" max:"100000"`
	// Most repositories that are in the secondary phase at a time. 0: none is started.
	MaxSecondary int `setting:"max_secondary" default:"60" min:"0" max:"100000"`
	// Most repositories that are in the facade phase at a time. 0: none is started.
	MaxFacade int `setting:"max_facade" default:"30" min:"0" max:"100000"`
	// Most repositories that are in the machine learning phase at a time. 0: none is started.
	MaxML int `setting:"max_ml" default:"5" min:"0" max:"100000"`
	// How long after an error a phase of a repository is tried again. Go duration text (`90m`, `24h`).
	ErrorRetryAfter time.Duration `setting:"error_retry_after" default:"24h" min:"1m" max:"8760h"`

	// By how many percent of its interval a phase may come early. Each repository has a part of this that is always the same for a phase,
	// so that repositories that were collected together fall due one after the other, a little further apart each time. 0: all fall due together.
	JitterPercent int `setting:"interval_jitter_percent" default:"10" min:"0" max:"50"`
	// Number of commits from which a repository is large in the facade and the machine learning phase.
	LargeCommits int `setting:"large_repository_commits" default:"200000" min:"10000" max:"1000000000"`
	// Number of issues and pull requests together from which a repository is large in the core and the secondary phase.
	LargeIssues int `setting:"large_repository_issues" default:"50000" min:"10000" max:"1000000000"`
	// Part of the places of a phase, in percent and rounded up, that belongs to large repositories. They never have more, so they hold
	// up no small one; small ones use what large ones leave free, but not before a large one that waits. 0, or a phase with one place: sizes are not told apart.
	LargePercent int `setting:"large_repository_slots_percent" default:"25" min:"0" max:"90"`

	// Rows that a task writes at a time.
	DefaultBatchSize int `setting:"default_batch_size" default:"1000" min:"1" max:"100000" unused:"git history is written in windows of its own size"`
	// Events that a task writes at a time.
	EventBatchSize int `setting:"github_event_batch_size" default:"500" min:"1" max:"100000" unused:"events are written page by page"`
	// Comments that a task writes at a time.
	MessageBatchSize int `setting:"github_message_batch_size" default:"20" min:"1" max:"100000" unused:"comments are written page by page"`
}

// TaskRoutine is section Task_Routine of the settings table: the phases of collection, each on (1) or off (0). A phase that is switched
// off starts nothing new; what runs ends normally.
type TaskRoutine struct {
	_ struct{} `section:"Task_Routine" effect:"next tick"`

	// Looks whether repositories still exist, and where they moved, before the core and the secondary phase.
	Prelim bool `setting:"prelim_phase" default:"1" type:"int"`
	// The standard collection: mainly issues and pull requests.
	Core bool `setting:"primary_repo_collect_phase" default:"1" type:"int"`
	// What takes longer: mainly files, commits and reviews of pull requests. It waits for the core phase of a repository.
	Secondary bool `setting:"secondary_repo_collect_phase" default:"1" type:"int"`
	// Everything that is read from git: clones, commits, file changes.
	Facade bool `setting:"facade_phase" default:"1" type:"int"`
	// Everything that is computed from what was collected, such as insights.
	ML bool `setting:"machine_learning_phase" default:"0" type:"int"`
}

package supervisor

import (
	"fmt"
	"path/filepath"
)

// Celery is section Celery of the settings table: the worker processes. It has its name from the task queue of Augur, which this program
// does not use.
type Celery struct {
	_ struct{} `section:"Celery" effect:"at once"`

	// How many jobs of the core phase run at a time on this machine. 0: none. Jobs that run when it changes go on.
	CoreWorkers int `setting:"core_worker_count" default:"5" min:"0" max:"1000"`
	// How many jobs of the secondary phase run at a time on this machine. 0: none. Jobs that run when it changes go on.
	SecondaryWorkers int `setting:"secondary_worker_count" default:"5" min:"0" max:"1000"`
	// How many jobs of the facade phase run at a time on this machine. 0: none. Jobs that run when it changes go on.
	FacadeWorkers int `setting:"facade_worker_count" default:"5" min:"0" max:"1000"`
	// Largest part of the machine's memory that all worker processes together may use, between 0 and 1: 0.25 is a quarter.
	VMemCap float64 `setting:"worker_process_vmem_cap" default:"0.25" min:"0.01" max:"1"`
}

// Logging is section Logging of the settings table: where logs go and how much is logged.
type Logging struct {
	_ struct{} `section:"Logging" effect:"restart"`

	// Directory of the log files, an absolute path; it is made on demand. Empty: `logs/` in $AUGUR_HOME.
	Directory string `setting:"logs_directory" default:""`
	// Least severe messages that are logged: DEBUG, INFO, WARNING or ERROR, in any case.
	Level string `setting:"log_level" default:"INFO" oneof:"DEBUG INFO WARNING ERROR"`
}

// Validate reports a directory that depends on where the program was started.
func (l Logging) Validate() error {
	if l.Directory != "" && !filepath.IsAbs(l.Directory) {
		return fmt.Errorf("Logging.logs_directory: must be absolute or empty (got %.80q)", l.Directory)
	}
	return nil
}

// Slots is how many jobs of each queue run at a time on this machine.
func (c Celery) Slots() map[string]int {
	return map[string]int{"core": c.CoreWorkers, "secondary": c.SecondaryWorkers, "facade": c.FacadeWorkers}
}

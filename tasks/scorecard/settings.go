package scorecard

import (
	"fmt"
	"path/filepath"
	"time"
)

// Settings is section Scorecard of the settings table.
type Settings struct {
	_ struct{} `section:"Scorecard" effect:"next task"`

	// 1 stores the checks of OpenSSF Scorecard; 0 leaves repo_deps_scorecard as it is.
	Enabled bool `setting:"enabled" default:"1" type:"int"`
	// Absolute path of the program `scorecard`. It is run with the first of Keys.github_api_key, and spends some hundred requests of that key for each repository, which the ledger does not
	// see. Empty: no program is run; what the rows of a repository decide is computed from them, and the other checks have -1.
	Tool string `setting:"tool" default:""`
	// How soon a repository is looked at again. Go duration text.
	Interval time.Duration `setting:"interval" default:"168h" min:"1m" max:"87600h"`
	// Longest time of one run of the program. Go duration text.
	ToolTimeout time.Duration `setting:"tool_timeout" default:"15m" min:"1s" max:"24h"`
}

// Validate reports a program that is not named by its absolute path.
func (s Settings) Validate() error {
	if s.Tool != "" && (!filepath.IsAbs(s.Tool) || filepath.Clean(s.Tool) == "/") {
		return fmt.Errorf("Scorecard.tool: must be the absolute path of a program (got %.80q)", s.Tool)
	}
	return nil
}

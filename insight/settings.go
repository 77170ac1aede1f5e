package insight

import "fmt"

// Settings is section Insight_Task of the settings table: what counts as an anomaly.
type Settings struct {
	_ struct{} `section:"Insight_Task" effect:"next task" unused:"no task looks for anomalies yet"`

	// Days of history that are the baseline of the comparison, counted back from the day of the run.
	TrainingDays int `setting:"training_days" default:"365" min:"30" max:"36500"`
	// Days, counted back from the day of the run, in which anomalies are looked for.
	AnomalyDays int `setting:"anomaly_days" default:"2" min:"1" max:"3650"`
	// Sensitivity: the larger, the more days are reported. Above 0 and at most 0.5. In Augur it was the share of training_days that is
	// expected to be anomalous: 0.041 of 365 days are 15 days.
	Contamination float64 `setting:"contamination" default:"0.041" min:"0.000001" max:"0.5"`
	// Width in percent of the band of expected values that is shown.
	ConfidenceInterval int `setting:"confidence_interval" default:"95" min:"1" max:"99"`
	// 1 runs the insight tasks, 0 does not.
	Switch bool `setting:"switch" default:"1" type:"int"`
	// How many insight tasks run at a time on this machine.
	Workers int `setting:"workers" default:"1" min:"0" max:"1000"`
}

// Validate reports a window that is longer than its baseline.
func (s Settings) Validate() error {
	if s.AnomalyDays >= s.TrainingDays {
		return fmt.Errorf("Insight_Task.anomaly_days: must be less than training_days, which is %d (got %d)", s.TrainingDays, s.AnomalyDays)
	}
	return nil
}

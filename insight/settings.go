package insight

import (
	"fmt"
	"time"
)

// Settings is section Insight_Task of the settings table: what counts as an anomaly.
type Settings struct {
	_ struct{} `section:"Insight_Task" effect:"next task"`

	// Days of history that are the baseline of the comparison, counted back from the newest complete day. A day is compared with at most a year. With less than
	// 120 days, only half as much is reported.
	TrainingDays int `setting:"training_days" default:"365" min:"30" max:"36500"`
	// Newest complete days that are judged again at each run, because late data changes them: 2 are yesterday and the day before. Days that
	// were not judged yet are judged in any case.
	AnomalyDays int `setting:"anomaly_days" default:"2" min:"1" max:"3650"`
	// Sensitivity: the larger, the more days are reported. Above 0 and at most 0.5. It is an upper bound and no quota: a day is reported when it is
	// so extreme that no more than a fortieth of this share of days are (0.041: one day in a thousand), so a quiet repository gets none. In Augur it was the share
	// of training_days that is reported, however quiet they are: 0.041 of 365 days are 15 days.
	Contamination float64 `setting:"contamination" default:"0.041" min:"0.000001" max:"0.5"`
	// Width in percent of the band of expected values that is shown. It does not change what is reported.
	ConfidenceInterval int `setting:"confidence_interval" default:"95" min:"1" max:"99"`
	// How anomalies are found. count_surprise: this program's own detector. reference: the same without holidays and without the adoption of level shifts.
	// isolation_forest: Augur's, which reports the share contamination of all days and gives no reason.
	Detector string `setting:"detector" default:"count_surprise" oneof:"count_surprise reference isolation_forest"`
	// 1 runs the insight tasks, 0 does not. They also need the machine learning phase: see Task_Routine.machine_learning_phase.
	Switch bool `setting:"switch" default:"1" type:"int"`
	// How many insight tasks run at a time on this machine. 0: none.
	Workers int `setting:"workers" default:"1" min:"0" max:"1000"`
}

// Validate reports a window that is longer than its baseline.
func (s Settings) Validate() error {
	if s.AnomalyDays >= s.TrainingDays {
		return fmt.Errorf("Insight_Task.anomaly_days: must be less than training_days, which is %d (got %d)", s.TrainingDays, s.AnomalyDays)
	}
	return nil
}

// Band is the width of the band of expected values, as a share.
func (s Settings) Band() float64 { return float64(s.ConfidenceInterval) / 100 }

// Judge is the detector of the settings for a series that begins at the day first.
func (s Settings) Judge(first time.Time, amounts, risesOnly bool) Judge {
	o := Options{Contamination: s.Contamination, TrainingDays: s.TrainingDays, Amounts: amounts, RisesOnly: risesOnly, Reference: s.Detector == "reference"}
	if s.Detector == "isolation_forest" {
		return NewForestDetector(first, o)
	}
	return NewDetector(first, o)
}

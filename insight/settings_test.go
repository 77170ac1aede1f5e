package insight_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/insight"
)

func TestAnomaliesAreLookedForInLessThanTheBaseline(t *testing.T) {
	t.Parallel()
	require.NoError(t, insight.Settings{TrainingDays: 365, AnomalyDays: 2}.Validate())
	require.EqualError(t, insight.Settings{TrainingDays: 30, AnomalyDays: 30}.Validate(),
		"Insight_Task.anomaly_days: must be less than training_days, which is 30 (got 30)")
}

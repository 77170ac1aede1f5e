package insight_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/insight"
)

func defaultSettings() insight.Settings {
	return insight.Settings{TrainingDays: 365, AnomalyDays: 2, Contamination: contamination, ConfidenceInterval: 95, Detector: "count_surprise"}
}

// TestABacktestIsTheSameDetectorWithReasons: what a file gives is what the detector gives, and every flag has a reason.
func TestABacktestIsTheSameDetectorWithReasons(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("testdata", "input.csv.gz"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	var out bytes.Buffer
	result, err := insight.Backtest(file, &out, defaultSettings())
	require.NoError(t, err)
	require.Equal(t, 134, result.Series)
	require.Equal(t, 48_910, result.Days)
	rows, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	flagged := 0
	for _, row := range rows[1:] {
		if row[3] == "1" {
			flagged++
			require.NotEmpty(t, row[4], "%v", row)
		}
	}
	require.Equal(t, result.Flagged, flagged)
	require.Positive(t, flagged)
}

func TestFaultsOfABacktestNameTheLine(t *testing.T) {
	t.Parallel()
	const head = "series_id,metric,date,value,observed\n"
	for input, want := range map[string]string{
		"":                                     "read the head of the series: EOF",
		"date,value\n":                         "the series have no column series_id, metric, observed",
		head + "a,commits,yesterday,1,1\n":     `line 2: date: parsing time "yesterday" as "2006-01-02": cannot parse "yesterday" as "2006"`,
		head + "a,commits,2024-01-01,many,1\n": `line 2: value: strconv.ParseFloat: parsing "many": invalid syntax`,
		head + "a,commits,2024-01-02,1,1\na,commits,2024-01-02,1,1\n": `line 3: series "a": 2024-01-02 does not come after the day before`,
		head + "a,commits,2024-01-02,1,1\na,commits,2124-01-02,1,1\n": `line 3: series "a": 36523 days are missing before 2124-01-02`,
	} {
		_, err := insight.Backtest(strings.NewReader(input), io.Discard, defaultSettings())
		require.EqualError(t, err, want)
	}
}

func FuzzBacktest(f *testing.F) {
	f.Add([]byte("series_id,metric,date,value,observed,test_start\na,commits,2024-01-01,1,1,2024-01-01\na,commits,2024-01-09,,0,2024-01-01\n"))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = insight.Backtest(bytes.NewReader(data), io.Discard, defaultSettings())
	})
}

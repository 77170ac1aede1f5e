package insight_test

import (
	"compress/gzip"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/insight"
)

// contamination is the default setting.
const contamination = .041

// seriesFile is a series of testdata/input.csv.gz.
type seriesFile struct {
	id, metric string
	insight.Series
	dates []string
	test  int // index of the first day that counts
}

func (s *seriesFile) options() insight.Options {
	return insight.Options{Contamination: contamination, TrainingDays: 365, Amounts: s.metric == "lines"}
}

// readGZ reads the rows of a CSV file below its head.
func readGZ(t testing.TB, name string) [][]string {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	rows, err := csv.NewReader(unzipped).ReadAll()
	require.NoError(t, err)
	return rows[1:]
}

// readSeries reads testdata/input.csv.gz.
func readSeries(t testing.TB) []*seriesFile {
	t.Helper()
	var all []*seriesFile
	var s *seriesFile
	for _, row := range readGZ(t, "input.csv.gz") {
		if s == nil || s.id != row[0] {
			s = &seriesFile{id: row[0], metric: row[1], Series: insight.Series{First: date(t, row[2])}}
			all = append(all, s)
		}
		value := math.NaN()
		if row[4] == "1" {
			value = number(t, row[3])
		}
		if row[2] < row[5] {
			s.test++
		}
		s.Values = append(s.Values, value)
		s.dates = append(s.dates, row[2])
	}
	return all
}

func date(t testing.TB, text string) time.Time {
	t.Helper()
	day, err := time.Parse(time.DateOnly, text)
	require.NoError(t, err)
	return day
}

func number(t testing.TB, text string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return value
}

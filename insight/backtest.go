package insight

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longestHole is how many days may be missing between two rows of a file.
const longestHole = 3650

// BacktestResult is what a back-test came to.
type BacktestResult struct {
	Series  int     `json:"series"`
	Days    int     `json:"days"`
	Flagged int     `json:"flagged_days"`
	Alarms  int     `json:"alarms"` // runs of flagged days
	PerYear float64 `json:"alarms_per_series_year"`
}

// count adds the verdicts of a series.
func (r *BacktestResult) count(verdicts []Verdict) {
	r.Series++
	r.Days += len(verdicts)
	last := -10
	for i := range verdicts {
		if !verdicts[i].Anomalous() {
			continue
		}
		r.Flagged++
		if i-last > 2 {
			r.Alarms++
		}
		last = i
	}
	r.PerYear = float64(r.Alarms) / math.Max(float64(r.Days)/yearDays, 1e-9)
}

// Count is what a back-test of one series came to.
func Count(verdicts []Verdict) BacktestResult {
	var r BacktestResult
	r.count(verdicts)
	return r
}

// Backtest judges the series of a CSV file, plain or gzipped, day by day, and writes what would have been found. The input has the columns series_id, metric, date,
// value and observed (0: the day was not collected), and perhaps test_start, from which on days are written; the rows of a series stand together, oldest first,
// and a day without a row was not collected. The output has series_id, date, score, is_anomaly and reason.
func Backtest(r io.Reader, w io.Writer, settings Settings) (BacktestResult, error) {
	var result BacktestResult
	rows, err := openTable(r)
	if err != nil {
		return result, err
	}
	out := csv.NewWriter(w)
	if err := out.Write([]string{"series_id", "date", "score", "is_anomaly", "reason"}); err != nil {
		return result, fmt.Errorf("write the result: %w", err)
	}
	var one *fileSeries
	end := func() error {
		if one == nil {
			return nil
		}
		verdicts := Replay(settings.Judge(one.First, one.metric == "lines" || strings.HasSuffix(one.metric, "-lines"), false), one.Values)[one.untested:]
		result.count(verdicts)
		return one.write(out, verdicts, settings)
	}
	for {
		row, err := rows.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return result, err
		}
		if one == nil || row.id != one.id {
			if err := end(); err != nil {
				return result, err
			}
			one = &fileSeries{id: row.id, metric: row.metric, Series: Series{First: row.date}}
		}
		if err := one.add(row); err != nil {
			return result, fmt.Errorf("line %d: %w", rows.line(), err)
		}
	}
	if err := end(); err != nil {
		return result, err
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return result, fmt.Errorf("write the result: %w", err)
	}
	return result, nil
}

// fileSeries is a series of a file.
type fileSeries struct {
	id, metric string
	Series
	untested int // days before the first that is written
}

func (s *fileSeries) add(row fileRow) error {
	hole := int(row.date.Sub(s.Date(len(s.Values))) / (24 * time.Hour))
	switch {
	case hole < 0:
		return fmt.Errorf("series %q: %s does not come after the day before", s.id, row.date.Format(time.DateOnly))
	case hole > longestHole:
		return fmt.Errorf("series %q: %d days are missing before %s", s.id, hole, row.date.Format(time.DateOnly))
	}
	for range hole {
		s.Values = append(s.Values, math.NaN())
	}
	s.Values = append(s.Values, row.value)
	if row.date.Before(row.testStart) {
		s.untested = len(s.Values)
	}
	return nil
}

func (s *fileSeries) write(out *csv.Writer, verdicts []Verdict, settings Settings) error {
	noun := Noun{One: strings.TrimSuffix(s.metric, "s"), Many: s.metric}
	for i := range verdicts {
		v := &verdicts[i]
		flag, reason := "0", ""
		if v.Anomalous() {
			flag, reason = "1", v.Reason(noun, settings.Band(), Noun{}, nil)
		}
		if err := out.Write([]string{s.id, v.Date.Format(time.DateOnly), strconv.FormatFloat(v.Score, 'f', 6, 64), flag, reason}); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	return nil
}

// fileTable reads the rows of an input.
type fileTable struct {
	csv     *csv.Reader
	columns map[string]int
}

type fileRow struct {
	id, metric string
	date       time.Time
	value      float64
	testStart  time.Time // zero: every day counts
}

// openTable reads the head.
func openTable(r io.Reader) (*fileTable, error) {
	buffered := bufio.NewReader(r)
	var plain io.Reader = buffered
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("unzip the series: %w", err)
		}
		plain = unzipped
	}
	t := &fileTable{csv: csv.NewReader(plain), columns: map[string]int{}}
	t.csv.ReuseRecord = true
	head, err := t.csv.Read()
	if err != nil {
		return nil, fmt.Errorf("read the head of the series: %w", err)
	}
	for i, name := range head {
		t.columns[strings.TrimSpace(name)] = i
	}
	var missing []string
	for _, name := range []string{"series_id", "metric", "date", "value", "observed"} {
		if _, ok := t.columns[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the series have no column %s", strings.Join(missing, ", "))
	}
	return t, nil
}

func (t *fileTable) line() int {
	line, _ := t.csv.FieldPos(0)
	return line
}

func (t *fileTable) read() (fileRow, error) {
	record, err := t.csv.Read()
	if err != nil {
		return fileRow{}, err
	}
	cell := func(name string) string { return record[t.columns[name]] }
	row := fileRow{id: strings.Clone(cell("series_id")), metric: strings.Clone(cell("metric")), value: math.NaN()}
	if row.date, err = time.Parse(time.DateOnly, cell("date")); err != nil {
		return row, fmt.Errorf("line %d: date: %w", t.line(), err)
	}
	if _, ok := t.columns["test_start"]; ok && cell("test_start") != "" {
		if row.testStart, err = time.Parse(time.DateOnly, cell("test_start")); err != nil {
			return row, fmt.Errorf("line %d: test_start: %w", t.line(), err)
		}
	}
	if slices.Contains([]string{"0", "false", "False", "0.0"}, cell("observed")) || cell("value") == "" {
		return row, nil
	}
	if row.value, err = strconv.ParseFloat(cell("value"), 64); err != nil {
		return row, fmt.Errorf("line %d: value: %w", t.line(), err)
	}
	return row, nil
}

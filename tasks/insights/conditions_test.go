package insights_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/insight"
	"augur/tasks/insights"
)

func march(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }

// flags are flagged days of March, the score of each ten times less than its number.
func flags(days ...int) []*insight.Verdict {
	all := make([]*insight.Verdict, len(days))
	for i, day := range days {
		all[i] = &insight.Verdict{Date: march(day), Score: float64(day) / 10}
	}
	return all
}

func TestFlaggedDaysMergeIntoConditions(t *testing.T) {
	t.Parallel()
	old := func(id int64, first, last int) insights.TestCondition {
		return insights.TestCondition{ID: id, First: march(first), Last: march(last), Peak: march(last), Score: float64(last) / 10}
	}
	for name, test := range map[string]struct {
		stored []insights.TestCondition
		days   []int
		from   int
		want   []insights.TestChange
	}{
		"nothing":                      {nil, nil, 1, nil},
		"a run is one, its peak named": {nil, []int{3, 4, 6}, 1, []insights.TestChange{{First: march(3), Last: march(6), Peak: march(6)}}},
		"two quiet days part":          {nil, []int{3, 6}, 1, []insights.TestChange{{First: march(3), Last: march(3), Peak: march(3)}, {First: march(6), Last: march(6), Peak: march(6)}}},
		"a run goes on":                {[]insights.TestCondition{old(7, 3, 4)}, []int{5}, 5, []insights.TestChange{{ID: 7, First: march(3), Last: march(5), Peak: march(5)}}},
		"the same days again":          {[]insights.TestCondition{old(7, 3, 4)}, []int{3, 4}, 3, []insights.TestChange{{ID: 7, First: march(3), Last: march(4), Peak: march(4)}}},
		"late data withdraws":          {[]insights.TestCondition{old(7, 3, 4)}, nil, 3, []insights.TestChange{{ID: 7, Withdrawn: true}}},
		"late data shortens":           {[]insights.TestCondition{old(7, 3, 6)}, nil, 5, []insights.TestChange{{ID: 7, First: march(3), Last: march(4)}}},
		"what is settled stays":        {[]insights.TestCondition{old(7, 3, 4)}, []int{9}, 8, []insights.TestChange{{First: march(9), Last: march(9), Peak: march(9)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, insights.Merge(test.stored, flags(test.days...), march(test.from)))
		})
	}
	// A peak that is stronger than what comes stays.
	strong := old(7, 3, 4)
	strong.Score = 50
	require.Equal(t, []insights.TestChange{{ID: 7, First: march(3), Last: march(5)}}, insights.Merge([]insights.TestCondition{strong}, flags(5), march(5)))
}

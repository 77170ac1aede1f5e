package monitor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChooseIsFairToNewAndDue(t *testing.T) {
	t.Parallel()
	numbers := func(from, n int) []int {
		list := make([]int, n)
		for i := range list {
			list[i] = from + i
		}
		return list
	}
	tests := map[string]struct {
		free, fresh, due int
		wantNew, wantDue int
	}{
		"no room":                {0, 5, 5, 0, 0},
		"more runs than allowed": {-3, 5, 5, 0, 0},
		"room for all":           {20, 5, 5, 5, 5},
		"flood of new":           {10, 1000, 3, 7, 3},
		"backlog of due":         {10, 2, 1000, 2, 8},
		"both":                   {10, 1000, 1000, 5, 5},
		"odd place":              {3, 1000, 1000, 1, 2},
		"one place":              {1, 1000, 1000, 0, 1},
		"one place, only new":    {1, 1000, 0, 1, 0},
		"nothing to do":          {10, 0, 0, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := choose(test.free, numbers(0, test.fresh), numbers(10_000, test.due))
			require.Equal(t, append(numbers(10_000, test.wantDue), numbers(0, test.wantNew)...), append([]int{}, got...))
		})
	}
}

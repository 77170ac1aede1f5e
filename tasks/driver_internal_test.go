package tasks

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"
)

// storing is an executor that notes which jobs it is told about.
type storing struct {
	riverdriver.Executor
	told []int64
	err  error
}

func (s *storing) JobSetStateIfRunningMany(_ context.Context, params *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	s.told = append(s.told, params.ID...)
	if s.err != nil {
		return nil, s.err
	}
	rows := make([]*rivertype.JobRow, len(params.ID))
	for i, id := range params.ID {
		rows[i] = &rivertype.JobRow{ID: id, State: params.State[i], Attempt: *params.Attempt[i]}
	}
	return rows, nil
}

// report is what River says about jobs: those with an even id have failed, and an attempt says which entry is which.
func report(ids ...int64) *riverdriver.JobSetStateIfRunningManyParams {
	p := &riverdriver.JobSetStateIfRunningManyParams{Schema: Schema}
	for _, id := range ids {
		attempt, at, state := int(id), time.Unix(id, 0), rivertype.JobStateCompleted
		if id%2 == 0 {
			state = rivertype.JobStateRetryable
		}
		p.ID, p.Attempt, p.ErrData = append(p.ID, id), append(p.Attempt, &attempt), append(p.ErrData, nil)
		p.FinalizedAt, p.ScheduledAt = append(p.FinalizedAt, &at), append(p.ScheduledAt, nil)
		p.MetadataDoMerge, p.MetadataUpdates = append(p.MetadataDoMerge, id == 5), append(p.MetadataUpdates, nil)
		p.State = append(p.State, state)
	}
	return p
}

func states(rows []*rivertype.JobRow) map[int64]rivertype.JobState {
	found := map[int64]rivertype.JobState{}
	for _, row := range rows {
		found[row.ID] = row.State
	}
	return found
}

func TestTheDatabaseIsNotAskedAboutJobsThatTasksCompleted(t *testing.T) {
	t.Parallel()
	inner := &storing{}
	e := &executor{Executor: inner, completed: &completedJobs{rows: map[int64]*rivertype.JobRow{}}}
	for _, id := range []int64{1, 2, 3, 5} {
		e.completed.add(&rivertype.JobRow{ID: id, State: rivertype.JobStateRunning}, time.Unix(9, 0))
	}
	// 2 is reported as failed, 5 comes with metadata, and nobody knows of 4 and 7.
	rows, err := e.JobSetStateIfRunningMany(t.Context(), report(1, 2, 3, 4, 5, 7))
	require.NoError(t, err)
	require.Equal(t, []int64{2, 4, 5, 7}, inner.told)
	require.Equal(t, map[int64]rivertype.JobState{
		1: rivertype.JobStateCompleted, 2: rivertype.JobStateRetryable, 3: rivertype.JobStateCompleted, 4: rivertype.JobStateRetryable,
		5: rivertype.JobStateCompleted, 7: rivertype.JobStateCompleted,
	}, states(rows))
	for _, row := range rows {
		if row.ID != 1 && row.ID != 3 {
			require.Equal(t, int(row.ID), row.Attempt, "what is said about a job stays with it")
		}
	}
	require.Empty(t, e.completed.rows, "a job is reported once")

	inner.told = nil
	e.completed.add(&rivertype.JobRow{ID: 1}, time.Unix(9, 0))
	rows, err = e.JobSetStateIfRunningMany(t.Context(), report(1))
	require.NoError(t, err)
	require.Equal(t, map[int64]rivertype.JobState{1: rivertype.JobStateCompleted}, states(rows))
	require.Empty(t, inner.told)
}

func TestAReportThatFailsIsMadeAgainForAllJobs(t *testing.T) {
	t.Parallel()
	inner := &storing{err: errors.New("connection lost")}
	e := &executor{Executor: inner, completed: &completedJobs{rows: map[int64]*rivertype.JobRow{}}}
	e.completed.add(&rivertype.JobRow{ID: 1}, time.Unix(9, 0))
	_, err := e.JobSetStateIfRunningMany(t.Context(), report(1, 3))
	require.ErrorIs(t, err, inner.err)
	inner.told, inner.err = nil, nil
	rows, err := e.JobSetStateIfRunningMany(t.Context(), report(1, 3))
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, []int64{1, 3}, inner.told)
}

func TestArgumentsOfTasksAreStoredAsTheyAre(t *testing.T) {
	t.Parallel()
	asTheyWere := `{"run_id":1,"repo_id":2,"phase":"facade"}`
	jobs := []*rivertype.JobInsertParams{
		{Args: Args{RunID: 1, RepoID: 2, Phase: Facade}, EncodedArgs: []byte(asTheyWere), Metadata: []byte("{}")},
		{Args: Args{Phase: "fa\x00cade"}, EncodedArgs: []byte(`{"phase":"fa\u0000cade"}`), Metadata: []byte(`{"a":"\u0000"}`)},
	}
	g := &guard{}
	_, err := g.InsertMany(t.Context(), jobs, func(context.Context) ([]*rivertype.JobInsertResult, error) { return nil, nil })
	require.NoError(t, err)
	require.Equal(t, asTheyWere, string(jobs[0].EncodedArgs))
	require.Equal(t, "{}", string(jobs[0].Metadata))
	require.JSONEq(t, `{"phase":"fa\ufffdcade"}`, string(jobs[1].EncodedArgs))
	require.JSONEq(t, `{"a":"\ufffd"}`, string(jobs[1].Metadata))
}

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/google/go-github/v60/github"

	"augur/db/config"
	"augur/tasks"
	"augur/tasks/apikey"
)

// envelope is what every GraphQL answer is in.
type envelope struct {
	Data   json.RawMessage `json:"data"`
	Errors []QueryError    `json:"errors"`
}

// The types of errors that concern a query as a whole.
const (
	rateLimited = "RATE_LIMITED"
	nodeLimit   = "MAX_NODE_LIMIT_EXCEEDED"
	resources   = "RESOURCE_LIMITS_EXCEEDED"
)

// timedOut matches what GitHub says when it gave up on a query after its ten seconds.
var timedOut = regexp.MustCompile(`(?i)something went wrong while executing your query|timed? ?out|resource limits`)

// Query runs one GraphQL query and decodes its data into out. operation names it for people. Errors that concern a part of the answer come back in
// [Reply.Errors]; nothing under their paths may be believed. Errors of the whole query are [QueryErrors], and [ErrTooCostly] when smaller
// pages would help.
func (c *Client) Query(ctx context.Context, operation, text string, variables map[string]any, out any) (Reply, error) {
	fail := func(err error) (Reply, error) { return Reply{}, fmt.Errorf("query %s: %w", operation, err) }
	address, err := config.Of[Settings](c.service.settings).graphQL()
	if err != nil {
		return fail(err)
	}
	base := *address
	base.Path += "/" // go-github wants it; the request itself goes to the address
	body := map[string]any{"query": text, "variables": variables}
	var e envelope
	cost := 1
	x, err := c.exchange(ctx, call{
		resource: GraphQL, points: c.lastCost(operation), base: &base, final: []int{http.StatusBadGateway, http.StatusGatewayTimeout},
		request: func(gh *github.Client) (*http.Request, error) {
			e = envelope{} // nothing of an earlier try
			return gh.NewRequest(http.MethodPost, address.String(), body)
		},
		read: func(x *exchange, o *apikey.Outcome) error {
			cost = e.cost()
			o.Cost = cost
			return e.read(x, o)
		},
		meaning: costly,
	}, &e)
	if err != nil {
		return fail(err)
	}
	c.learnCost(operation, cost)
	if err := json.Unmarshal(e.Data, out); err != nil {
		return fail(fmt.Errorf("decode the data: %w", err))
	}
	reply := Reply{Cost: cost, Date: x.date(), Errors: e.Errors}
	if said := x.said(GraphQL); said != nil {
		reply.Remaining = said.Remaining
	}
	return reply, nil
}

// cost is what the answer says that the query cost; 1 when it does not.
func (e *envelope) cost() int {
	var data struct {
		RateLimit struct {
			Cost int `json:"cost"`
		} `json:"rateLimit"`
	}
	// Data of another form says nothing about the cost.
	_ = json.Unmarshal(e.Data, &data)
	return max(1, data.RateLimit.Cost)
}

// read finds out whether the answer is one. GitHub says 200 also where it refuses.
func (e *envelope) read(x *exchange, o *apikey.Outcome) error {
	empty := len(e.Data) == 0 || bytes.Equal(bytes.TrimSpace(e.Data), []byte("null"))
	whole := empty
	for i := range e.Errors {
		e.Errors[i].Type, e.Errors[i].Message = x.clean(e.Errors[i].Type), x.clean(e.Errors[i].Message)
		one := e.Errors[i]
		whole = whole || len(one.Path) == 0
		switch {
		case one.Type == rateLimited:
			o.Exhausted = true
			return QueryErrors{one}
		case saysLimit(one.Message) && x.limited(http.StatusForbidden, one.Message, o):
			return QueryErrors{one}
		case one.Type == nodeLimit, one.Type == resources:
			return tasks.As(QueryErrors{one}, ErrTooCostly)
		case timedOut.MatchString(one.Message):
			return tasks.As(QueryErrors{one}, ErrTooCostly)
		}
	}
	switch {
	case len(e.Errors) > 0 && whole:
		return QueryErrors(e.Errors)
	case empty:
		return errors.New("the answer has no data")
	}
	return nil
}

// costly gives the errors of the proxy in front of GraphQL their meaning: the query took too long.
func costly(err error) error {
	if isStatus(err, http.StatusBadGateway) || isStatus(err, http.StatusGatewayTimeout) {
		return tasks.As(err, ErrTooCostly)
	}
	return err
}

func (c *Client) lastCost(operation string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(1, c.costs[operation])
}

func (c *Client) learnCost(operation string, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.costs[operation] = cost
}

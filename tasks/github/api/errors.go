package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrTooCostly is returned by [Client.Query] when GitHub gives up on a query because of its size: ask for smaller pages.
var ErrTooCostly = errors.New("the query is too costly for GitHub")

// ErrDisabled is returned by lists of a repository that is there, but has the feature switched off (410): there is nothing to list.
var ErrDisabled = errors.New("the repository has this switched off")

// ErrNoKeys says that there is no key that could be used at all. It comes inside of a [tasks.RateLimitError], since keys can be added at any
// time: jobs wait for that.
var ErrNoKeys = errors.New("there is no usable GitHub key")

// ErrLoop is returned by lists when the address of the next page is one that was followed before: the list has no end.
var ErrLoop = errors.New("the pages of the list go round in a circle")

// MovedError says that what was asked for has another address (301, 308). Calls about a repository return it.
type MovedError struct {
	// NewURL is the address in the API, such as https://api.github.com/repositories/1: asked for, it tells the new name.
	NewURL string
}

func (e *MovedError) Error() string { return "it has moved to " + e.NewURL }

// StatusError is a refusal that has no other meaning here.
type StatusError struct {
	Status  int
	Message string

	blocks bool // the answer says that access is blocked, and why
}

func (e *StatusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("GitHub answers %d", e.Status)
	}
	return fmt.Sprintf("GitHub answers %d: %s", e.Status, e.Message)
}

// refusesKey tells whether it is the key that GitHub does not want.
func (e *StatusError) refusesKey() bool {
	return e.Status == http.StatusUnauthorized || (e.Status == http.StatusForbidden && suspended.MatchString(e.Message))
}

// QueryErrors are the errors of a GraphQL query that as a whole has no answer.
type QueryErrors []QueryError

func (e QueryErrors) Error() string {
	texts := make([]string, 0, len(e))
	for _, one := range e {
		text := one.Message
		if one.Type != "" {
			text = one.Type + ": " + text
		}
		texts = append(texts, text)
	}
	return "GitHub refuses the query: " + strings.Join(texts, "; ")
}

func isStatus(err error, status int) bool {
	refused, ok := errors.AsType[*StatusError](err)
	return ok && refused.Status == status
}

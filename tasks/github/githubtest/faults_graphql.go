package githubtest

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// QueryFailed is an answer of 200 without data, as GraphQL has it for RATE_LIMITED, MAX_NODE_LIMIT_EXCEEDED, RESOURCE_LIMITS_EXCEEDED or, with an empty kind,
// "Something went wrong while executing your query".
func QueryFailed(kind, message string) Answer {
	return func(*http.Request, func() *Response) *Response { return graphqlRefusal(kind, message) }
}

// NullAt puts null at a path of the data, and an error that says why: a part of the answer could not be had.
func NullAt(kind, message string, path ...any) Answer {
	return func(_ *http.Request, next func() *Response) *Response {
		resp := next()
		var whole struct {
			Data   any          `json:"data"`
			Errors []queryError `json:"errors,omitempty"`
		}
		decoder := json.NewDecoder(bytes.NewReader(resp.Body))
		decoder.UseNumber()
		if err := decoder.Decode(&whole); err != nil {
			return resp // no answer of GraphQL: nothing is taken out of it
		}
		whole.Data = without(whole.Data, path)
		whole.Errors = append(whole.Errors, queryError{Type: kind, Path: path, Message: message})
		body, err := json.Marshal(whole)
		if err != nil {
			panic(err) // it was JSON
		}
		resp.Body = body
		return resp
	}
}

// without is data with null at a path.
func without(data any, path []any) any {
	if len(path) == 0 {
		return nil
	}
	switch step := path[0].(type) {
	case string:
		if object, ok := data.(map[string]any); ok && object[step] != nil {
			object[step] = without(object[step], path[1:])
		}
	case int:
		if list, ok := data.([]any); ok && step < len(list) {
			list[step] = without(list[step], path[1:])
		}
	}
	return data
}

// TooSlow is what GitHub says to a query that runs longer than ten seconds, 502 or 504, for which it takes points beyond its price.
func (s *Server) TooSlow(status, points int) Answer {
	return func(r *http.Request, next func() *Response) *Response {
		next()
		if k := s.keys.of(r); k != nil && k.token != "" {
			s.Spend(k.token, string(graphql), points)
		}
		return answer(status, []byte(`{"data":null,"errors":[{"message":"Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug. Please include `+"`F4CE:1`"+` when reporting this issue."}]}`))
	}
}

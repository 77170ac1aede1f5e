package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"augur/tasks/apikey"
)

// Links is what fuzzing wants to see.
var Links = links

// Weigh is the longest wait that an answer leads to, whatever it is an answer to.
func Weigh(code int, body, remaining, reset, retry string) time.Duration {
	x := &exchange{status: code, header: http.Header{}, base: &url.URL{Scheme: "https", Host: "a"}}
	for name, value := range map[string]string{"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset, "Retry-After": retry, "Location": body} {
		x.header.Set(name, value)
	}
	_ = json.Unmarshal([]byte(body), &x.refusal)
	var e envelope
	_ = json.Unmarshal([]byte(body), &e)
	var o apikey.Outcome
	if !x.limited(code, x.refusal.Message, &o) {
		_ = e.read(x, &o)
	}
	wait := max(o.Rest, x.reset(), x.retryAfter())
	if said := x.said(Core); said != nil {
		wait = max(wait, said.Reset)
	}
	_, _ = x.location(), e.cost()
	return wait
}

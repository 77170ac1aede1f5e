package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"augur/db/config"
)

const (
	// maxBody is the longest answer that is read, in bytes. A page of a hundred comments of the longest kind has 26 MB.
	maxBody = 64 << 20
	// maxRedirects is how many redirects are followed.
	maxRedirects = 3
)

// exchange is one request and what came back, from the point of view of the transport. It travels in the context of the request.
type exchange struct {
	token config.Secret
	base  *url.URL // only there the token is sent
	etag  string

	sent        bool // the request may have arrived
	status      int  // 0: there was no answer
	header      http.Header
	refusal     refusal // of an answer that is no success
	notModified bool
	body        []byte // of a success that has content
	fault       error  // why the answer is of no use, although its status says otherwise
}

// refusal is the body of an answer that is no success, as far as it has one.
type refusal struct {
	Message string          `json:"message"`
	Block   json.RawMessage `json:"block"`
}

type exchangeKey struct{}

// errOtherHost says that the API sends us elsewhere. A key must not be sent there, and without one there is nothing to be had.
var errOtherHost = errors.New("GitHub redirects to another host")

// errTooMany says that redirects lead on and on.
var errTooMany = fmt.Errorf("more than %d redirects", maxRedirects)

// errTooLarge says that an answer does not end. To ask for it again does not help.
var errTooLarge = fmt.Errorf("the answer has more than %d MiB", maxBody>>20)

// transport sends requests with their token and puts right what go-github 60 would get wrong about the answers: see docs/decisions/0012. It hides the
// headers about limits, which it would hold against later requests, takes 304 for a success without content, and lets no answer through that is
// empty, cut, or a page for people.
type transport struct{ base http.RoundTripper }

// RoundTrip makes one exchange.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok || !sameOrigin(req.URL, x.base) {
		return nil, errOtherHost
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+x.token.Reveal())
	if x.etag != "" {
		req.Header.Set("If-None-Match", x.etag)
	}
	x.sent = true
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := readBody(resp)
	if err != nil {
		return nil, err
	}
	x.status, x.header = resp.StatusCode, resp.Header
	resp.Header = resp.Header.Clone()
	for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "Link", "X-GitHub-OTP"} {
		resp.Header.Del(name)
	}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		x.notModified = true
		resp.StatusCode, body = http.StatusNoContent, nil
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		x.body, x.fault = body, usable(resp, body)
	case json.Valid(body):
		// What cannot be read has no message, and that is all that is wanted of it.
		_ = json.Unmarshal(body, &x.refusal)
	}
	if x.fault != nil {
		return nil, x.fault
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// readBody reads the answer to its end. One that is shorter than it should be is an error of the reader.
func readBody(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	err = errors.Join(err, resp.Body.Close())
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxBody:
		return nil, errTooLarge
	}
	return body, nil
}

// usable says what is wrong with the content of a success.
func usable(resp *http.Response, body []byte) error {
	switch kind := resp.Header.Get("Content-Type"); {
	case resp.StatusCode == http.StatusNoContent:
		return nil
	case resp.StatusCode == http.StatusAccepted:
		return errors.New("the answer is not ready yet (202)")
	case len(bytes.TrimSpace(body)) == 0:
		return errors.New("the answer is empty")
	case strings.HasPrefix(kind, "text/html"):
		return errors.New("the answer is a page for people (HTML)")
	}
	return nil
}

// decode reads the content of a success, once: go-github would look through it twice more.
func (x *exchange) decode(out any) error {
	if len(x.body) == 0 {
		return nil
	}
	err := json.Unmarshal(x.body, out)
	x.body = nil
	if _, cut := errors.AsType[*json.SyntaxError](err); cut {
		x.fault = errors.New("the answer is cut off, or no JSON")
		return x.fault
	}
	return err
}

// checkRedirect follows what is elsewhere for now, and leaves what has moved for good to the caller, who has to learn the new address.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if s := req.Response.StatusCode; s == http.StatusMovedPermanently || s == http.StatusPermanentRedirect {
		return http.ErrUseLastResponse
	}
	if !sameOrigin(req.URL, via[0].URL) {
		return errOtherHost
	}
	if len(via) > maxRedirects {
		return errTooMany
	}
	return nil
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// within is ctx for the request of an exchange.
func (x *exchange) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

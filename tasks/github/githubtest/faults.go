package githubtest

import (
	"bytes"
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Answer says how a request is answered: as next says, or otherwise, or both.
type Answer func(r *http.Request, next func() *Response) *Response

// Any is every operation in [Server.Script].
const Any = "*"

// Script answers the next requests of an operation, one for each answer, before the server goes on as ever. A later script waits for the end of an
// earlier one of the same operation.
func (s *Server) Script(operation string, answers ...Answer) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.scripts[operation] = append(s.faults.scripts[operation], answers...)
}

// Unplayed is how many answers of scripts were not asked for yet.
func (s *Server) Unplayed() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	n := 0
	for _, answers := range s.faults.scripts {
		n += len(answers)
	}
	return n
}

// SetFaults changes the part of answers that are wrong.
func (s *Server) SetFaults(rate float64) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rate = rate
}

// faultPlan is the scripts and the die.
type faultPlan struct {
	mu      sync.Mutex
	rate    float64
	seed    uint64
	asked   map[string]uint64 // how often each address was asked for
	scripts map[string][]Answer
}

func (f *faultPlan) init(o options) {
	f.rate, f.seed, f.asked, f.scripts = o.faultRate, o.faultSeed, map[string]uint64{}, map[string][]Answer{}
}

// apply answers a request, wrongly when a script or the die says so.
func (f *faultPlan) apply(c *call, next func() *Response) *Response {
	if fault := f.draw(c); fault != nil {
		c.s.counts.add(c, func(n *Count) { n.Faults++ })
		return fault(c.r, next)
	}
	return next()
}

func (f *faultPlan) draw(c *call) Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range []string{c.name, Any} {
		if answers := f.scripts[name]; len(answers) > 0 {
			f.scripts[name] = answers[1:]
			return answers[0]
		}
	}
	if f.rate <= 0 {
		return nil
	}
	// The die falls by what is asked for and how often it was, so that the order in which workers ask changes nothing.
	address := c.r.Method + c.r.URL.RequestURI() + c.name
	f.asked[address]++
	h := fnv.New64a()
	_, _ = h.Write([]byte(address + strconv.FormatUint(f.asked[address], 10))) // never an error
	r := newRandom(f.seed, h.Sum64())
	if r.Float64() >= f.rate {
		return nil
	}
	return pick(r, randomFaults)
}

// randomFaults are what goes wrong without anybody meaning it.
var randomFaults = []Answer{
	HTML(http.StatusBadGateway), HTML(http.StatusServiceUnavailable), Status(http.StatusInternalServerError, `{"message":"Server Error"}`),
	CutBody(), Drop(), EmptyBody(), Slow(20 * time.Millisecond),
}

// AsEver is the answer without a fault: it lets a script skip a request.
func AsEver() Answer { return func(_ *http.Request, next func() *Response) *Response { return next() } }

// Do calls f before the request is answered: it changes the data between two pages.
func Do(f func()) Answer {
	return func(_ *http.Request, next func() *Response) *Response {
		f()
		return next()
	}
}

// Status is another status with a body, in place of the answer.
func Status(status int, body string) Answer {
	return func(*http.Request, func() *Response) *Response { return answer(status, []byte(body)) }
}

// HTML is a status with a page for people, as a proxy in front of GitHub makes it.
func HTML(status int) Answer {
	return func(*http.Request, func() *Response) *Response {
		resp := answer(status, []byte("<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head><body><h1>"+strconv.Itoa(status)+"</h1></body></html>\n"))
		resp.Header.Set("Content-Type", "text/html")
		return resp
	}
}

// CutBody ends the connection in the middle of the answer.
func CutBody() Answer {
	return func(_ *http.Request, next func() *Response) *Response {
		resp := next()
		resp.Cut = len(resp.Body) / 2
		return resp
	}
}

// HalfBody is an answer that claims to be whole and is half of the JSON.
func HalfBody() Answer {
	return func(_ *http.Request, next func() *Response) *Response {
		resp := next()
		resp.Body = resp.Body[:len(resp.Body)/2]
		return resp
	}
}

// Drop ends the connection without an answer.
func Drop() Answer {
	return func(*http.Request, func() *Response) *Response { return &Response{Drop: true, Cut: -1} }
}

// EmptyBody is a 200 with nothing in it.
func EmptyBody() Answer {
	return func(_ *http.Request, next func() *Response) *Response {
		resp := next()
		resp.Body = nil
		return resp
	}
}

// Slow answers after a time.
func Slow(d time.Duration) Answer {
	return func(_ *http.Request, next func() *Response) *Response {
		resp := next()
		resp.Delay = d
		return resp
	}
}

// Hang never answers.
func Hang() Answer {
	return func(*http.Request, func() *Response) *Response { return &Response{Hang: true, Cut: -1} }
}

// Redirect sends the client elsewhere.
func Redirect(status int, to string) Answer {
	return func(*http.Request, func() *Response) *Response {
		resp := answer(status, []byte(`{"message":"Moved Permanently","url":"`+to+`"}`))
		resp.Header.Set("Location", to)
		return resp
	}
}

// SecondaryLimit is a refusal that tells of a secondary limit, with 403 or 429; with a duration of 0 it does not say how long to wait.
func SecondaryLimit(status int, retryAfter time.Duration) Answer {
	return func(*http.Request, func() *Response) *Response { return secondaryRefusal(status, retryAfter) }
}

// Header sets a header of the answer, as a reset in the past or a Link of one's own.
func Header(name, value string) Answer {
	return func(_ *http.Request, next func() *Response) *Response {
		resp := next()
		resp.Header.Set(name, value)
		return resp
	}
}

// LinkToItself makes the next page the one that was asked for.
func (s *Server) LinkToItself() Answer {
	return func(r *http.Request, next func() *Response) *Response {
		resp := next()
		resp.Header.Set("Link", "<"+s.url+r.URL.RequestURI()+`>; rel="next"`)
		return resp
	}
}

// ReplaceInBody puts other bytes in the place of some of the answer.
func ReplaceInBody(from, to string) Answer {
	return func(_ *http.Request, next func() *Response) *Response {
		resp := next()
		resp.Body = bytes.ReplaceAll(resp.Body, []byte(from), []byte(to))
		return resp
	}
}

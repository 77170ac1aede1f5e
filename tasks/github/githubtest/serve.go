package githubtest

import (
	"fmt"
	"hash/maphash"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// Response is an answer before it is sent. A [Script] may change it.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// Cut ends the connection after so many bytes of the body, which was announced whole; negative: it is sent whole.
	Cut int
	// Drop ends the connection without an answer.
	Drop bool
	// Delay waits before the answer is sent, or until the client goes away.
	Delay time.Duration
	// Hang waits until the client goes away.
	Hang bool

	points int // what it costs
}

func answer(status int, body []byte) *Response {
	return &Response{Status: status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body, Cut: -1, points: 1}
}

// refusal is an answer in GitHub's form of an error.
func refusal(status int, message string) *Response {
	var w writer
	w.open()
	w.str("message", message)
	w.str("documentation_url", "https://docs.github.com/rest")
	w.str("status", strconv.Itoa(status))
	w.close()
	return answer(status, w.b)
}

func notFound() *Response { return refusal(http.StatusNotFound, "Not Found") }

// call is one request on its way through the server.
type call struct {
	s      *Server
	r      *http.Request
	route  *route
	params map[string]string
	key    *key
	repo   *Repo
	name   string // of the operation, as it is counted
	query  *query // of GraphQL
}

// route is one operation of the API.
type route struct {
	method, path string
	segments     []string
	operation    *openapi3.Operation
	resource     resource
	ofRepo       bool
	ofApp        bool // for apps only, which sign their requests
	serve        func(*call) *Response
}

// match compares the parts of a path with the route's.
func (r *route) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(r.segments) {
		return nil, false
	}
	for i, segment := range r.segments {
		if segment[0] != '{' && segment != parts[i] {
			return nil, false
		}
	}
	params := make(map[string]string, 3)
	for i, segment := range r.segments {
		if segment[0] == '{' {
			params[segment[1:len(segment)-1]] = parts[i]
		}
	}
	return params, true
}

// find is the route of a request. A path that begins with /repositories/ID is one of /repos/OWNER/NAME.
func (s *Server) find(r *http.Request) (*route, map[string]string, *Repo) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	parts := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	if parts[0] == "api" && len(parts) > 1 { // as GitHub Enterprise Server has it: /api/v3/repos, /api/graphql
		parts = parts[1:]
		if parts[0] == "v3" && len(parts) > 1 {
			parts = parts[1:]
		}
	}
	var repo *Repo
	if parts[0] == "repositories" && len(parts) > 1 {
		id, _ := strconv.ParseInt(parts[1], 10, 64)
		s.mu.RLock()
		repo = s.byID[id]
		s.mu.RUnlock()
		if repo == nil {
			repo = &Repo{Fault: Deleted}
		}
		parts = append([]string{"repos", "by", "number"}, parts[2:]...)
	}
	for i := range s.table {
		if candidate := &s.table[i]; candidate.method == method {
			if params, ok := candidate.match(parts); ok {
				return candidate, params, repo
			}
		}
	}
	return nil, nil, nil
}

// serve answers one request: what it is, whether it is refused, what the answer is, what it costs.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := &call{s: s, r: r}
	c.route, c.params, c.repo = s.find(r)
	c.key = s.keys.of(r)
	leave := s.counts.enter(c.key)
	defer leave()
	c.name = "unknown"
	switch {
	case c.route == nil:
	case c.route.operation == nil:
		c.name = "graphql"
		c.readQuery()
	default:
		c.name = c.route.operation.OperationID
	}
	s.counts.add(c, func(n *Count) { n.Requests++ })
	resp := s.faults.apply(c, func() *Response { return s.answer(c) })
	s.send(w, r, resp)
}

// answer is what GitHub would say.
func (s *Server) answer(c *call) *Response {
	if c.r.UserAgent() == "" {
		return refusal(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check https://developer.github.com for other possible causes.")
	}
	if c.key == nil {
		s.counts.add(c, func(n *Count) { n.Unauthorized++ })
		return refusal(http.StatusUnauthorized, "Bad credentials")
	}
	if c.route == nil {
		s.problem("%s %s: GitHub knows no such operation, or the fake does not: schema/rest.keep has the list", c.r.Method, c.r.URL)
		return notFound()
	}
	if c.route.ofApp != (c.key.app != nil) || c.key == s.keys.nobody && c.route.resource == graphql {
		s.counts.add(c, func(n *Count) { n.Unauthorized++ })
		return refusal(http.StatusUnauthorized, "This endpoint requires you to be authenticated.")
	}
	if resp := s.keys.refuse(c); resp != nil {
		return resp
	}
	if c.route.operation != nil {
		if err := s.spec.check(c.r, c.route, c.params); err != nil {
			s.problem("%s %s: %v", c.r.Method, c.r.URL, err)
			return s.keys.charge(c, refusal(http.StatusUnprocessableEntity, err.Error()))
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	resp := c.respond()
	if resp.Status == http.StatusOK && c.r.Method != http.MethodPost {
		resp = c.conditional(resp)
	}
	return s.keys.charge(c, resp)
}

// respond finds the repository that is asked about and lets the operation answer.
func (c *call) respond() *Response {
	if !c.route.ofRepo {
		return c.route.serve(c)
	}
	if c.repo == nil {
		full := strings.ToLower(c.params["owner"] + "/" + c.params["repo"])
		if c.repo = c.s.repos[full]; c.repo == nil {
			if now := c.s.moved[full]; now != nil {
				return c.movedTo(now)
			}
			return notFound()
		}
	}
	switch c.repo.Fault {
	case NoFault:
	case Deleted:
		return notFound()
	case Blocked:
		resp := refusal(http.StatusForbidden, "Repository access blocked")
		resp.Body = []byte(`{"message":"Repository access blocked","block":{"reason":"tos","created_at":"2024-01-29T00:00:00Z","html_url":"https://github.com/tos"}}`)
		return resp
	case Taken:
		resp := refusal(http.StatusUnavailableForLegalReasons, "")
		resp.Body = []byte(`{"message":"Repository access blocked","block":{"reason":"dmca","created_at":"2024-01-29T00:00:00Z","html_url":"https://github.com/github/dmca/blob/master/2024/01/2024-01-29-x.md"}}`)
		return resp
	}
	if c.repo.Private {
		return notFound()
	}
	return c.route.serve(c)
}

// movedTo says where a repository is now: by its number, with the rest of the path.
func (c *call) movedTo(now *Repo) *Response {
	rest := strings.TrimPrefix(c.r.URL.EscapedPath(), "/repos/"+c.params["owner"]+"/"+c.params["repo"])
	url := fmt.Sprintf("%s/repositories/%d%s", c.s.url, now.ID, rest)
	if c.r.URL.RawQuery != "" {
		url += "?" + c.r.URL.RawQuery
	}
	var w writer
	w.open()
	w.str("message", "Moved Permanently")
	w.str("url", url)
	w.str("documentation_url", "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects")
	w.close()
	resp := answer(http.StatusMovedPermanently, w.b)
	resp.Header.Set("Location", url)
	return resp
}

var tagSeed = maphash.MakeSeed()

// conditional gives an answer its ETag, which is another one for each key, and says 304, which is free, to whoever has it.
func (c *call) conditional(resp *Response) *Response {
	var h maphash.Hash
	h.SetSeed(tagSeed)
	_, _ = h.WriteString(c.key.token) // never an error
	_, _ = h.WriteString(resp.Header.Get("Link"))
	_, _ = h.Write(resp.Body)
	tag := fmt.Sprintf(`W/"%016x"`, h.Sum64())
	if c.r.Header.Get("If-None-Match") == tag {
		resp = &Response{Status: http.StatusNotModified, Header: resp.Header, Cut: -1}
	}
	resp.Header.Set("ETag", tag)
	resp.Header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	resp.Header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With")
	return resp
}

// send writes an answer, or breaks off where a fault says so.
func (s *Server) send(w http.ResponseWriter, r *http.Request, resp *Response) {
	if resp.Hang {
		<-r.Context().Done()
		return
	}
	if resp.Delay > 0 {
		timer := time.NewTimer(resp.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if resp.Drop {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	maps.Copy(header, resp.Header)
	if header.Get("Date") == "" {
		header.Set("Date", s.clock.Now().Format(http.TimeFormat))
	}
	header.Set("X-GitHub-Media-Type", "github.v3; format=json")
	if resp.Status != http.StatusNotModified && resp.Status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(resp.Body)))
	}
	w.WriteHeader(resp.Status)
	if r.Method == http.MethodHead {
		return
	}
	if resp.Cut >= 0 && resp.Cut < len(resp.Body) {
		_, _ = w.Write(resp.Body[:resp.Cut]) // the client may be gone
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(resp.Body) // the client may be gone
}

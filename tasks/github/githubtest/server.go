package githubtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// Server is a fake GitHub. It is safe for concurrent use.
type Server struct {
	clock   *Clock
	options options
	http    *http.Server
	done    chan struct{}
	url     string
	spec    *description
	schema  *ast.Schema
	table   []route
	problem func(format string, args ...any) // told of requests that GitHub would not know

	mu       sync.RWMutex // guards the data: requests read, changes write
	repos    map[string]*Repo
	byID     map[int64]*Repo
	moved    map[string]*Repo // former names, in lower case
	ordered  []*Repo
	users    map[string]*User // by login in lower case
	userByID map[int64]*User
	activity map[string][]*Activity
	gen      *generator

	keys   keyring
	counts counter
	faults faultPlan
}

// New starts a server that lives as long as the test. A request that GitHub's descriptions of its API do not know fails the test.
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0", append([]Option{func(o *options) { o.problem = t.Errorf }}, opts...)...)
	if err != nil {
		t.Fatalf("start a fake GitHub: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server on an address, outside of tests: a request that GitHub does not know gets a 4xx. Close ends it.
func Start(address string, opts ...Option) (*Server, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	s := &Server{
		clock: &Clock{now: o.now}, options: o, done: make(chan struct{}), url: "http://" + listener.Addr().String(), problem: o.problem,
		repos: map[string]*Repo{}, byID: map[int64]*Repo{}, moved: map[string]*Repo{}, users: map[string]*User{}, userByID: map[int64]*User{},
		activity: map[string][]*Activity{},
	}
	if o.wallClock {
		s.clock.run()
	}
	s.keys.init(s)
	s.faults.init(o)
	people := 20
	for _, p := range o.plan {
		people = max(people, p.shape.Contributors)
	}
	s.gen = newGenerator(s, o.seed, people)
	for _, p := range o.plan {
		s.AddRepo(p.name, p.shape)
	}
	if o.lively {
		s.gen.live()
	}
	s.routes()
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(fmt.Sprintf("serve the fake GitHub: %v", err))
		}
	}()
	return s, nil
}

// Close ends the server and the connections to it. Twice is harmless.
func (s *Server) Close() {
	_ = s.http.Close() // the connections are not needed any more, whatever became of them
	<-s.done
}

// URL is the base of the REST API, without a slash at its end.
func (s *Server) URL() string { return s.url }

// GraphQLURL is where queries go.
func (s *Server) GraphQLURL() string { return s.url + "/graphql" }

// Clock is the server's time.
func (s *Server) Clock() *Clock { return s.clock }

// Repo is the repository of a name OWNER/NAME, nil when there is none. Former names do not count.
func (s *Server) Repo(full string) *Repo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.repos[strings.ToLower(full)]
}

// Repos are all repositories in the order in which they were added.
func (s *Server) Repos() []*Repo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append([]*Repo(nil), s.ordered...)
}

// User is the account of a login, nil when there is none.
func (s *Server) User(login string) *User {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.users[strings.ToLower(login)]
}

// AddRepo makes a repository of a shape.
func (s *Server) AddRepo(full string, shape Shape) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.gen.generate(full, shape)
	s.put(r)
	return r
}

func (s *Server) put(r *Repo) {
	s.repos[strings.ToLower(r.full)] = r
	s.byID[r.ID] = r
	s.ordered = append(s.ordered, r)
}

// addUser makes a user known, or known again after a change.
func (s *Server) addUser(u *User) {
	u.simple = nil
	u.simple = s.simpleUser(u)
	s.users[strings.ToLower(u.Login)] = u
	s.userByID[u.ID] = u
}

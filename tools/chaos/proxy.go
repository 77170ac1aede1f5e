package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// trap is what a proxy does at the next opportunity.
type trap int

const (
	noTrap         trap = iota
	cutAll              // resets all connections, at once
	holeAll             // forwards nothing more on any connection, at once
	cutInCopy           // resets the connection in the middle of a message of a COPY
	holeInCopy          // the same, but as a black hole
	cutAfterCommit      // forwards a COMMIT and resets the connection before the answer
	holeAfterCommit
	cutAfterFetch // forwards what fetches jobs and resets the connection before the answer
	holeAfterFetch
	traps
)

// holeLasts is how long a server is left with a connection that has fallen into a black hole. Then it gets to know.
const holeLasts = 8 * time.Second

// proxy forwards connections to the socket of PostgreSQL, and cuts them when it is told to. It is safe for concurrent use.
type proxy struct {
	listener net.Listener
	socket   string
	all      sync.WaitGroup

	mu    sync.Mutex
	armed trap
	hit   chan struct{} // closed when the trap has gone off
	lines map[*line]struct{}
}

// line is a connection through a proxy.
type line struct {
	proxy          *proxy
	client, server net.Conn
	sunk           chan struct{} // closed when it is a black hole
	once           sync.Once

	fetches string // name of the prepared statement that fetches jobs
	falling trap   // what goes off at the end of the messages that are sent together
}

func newProxy(ctx context.Context, socket string) (*proxy, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for connections to cut: %w", err)
	}
	p := &proxy{listener: listener, socket: socket, lines: map[*line]struct{}{}}
	p.all.Go(p.accept)
	return p, nil
}

// url of the database behind the proxy.
func (p *proxy) url() string {
	return fmt.Sprintf("postgres://augur@%s/augur?sslmode=disable", p.listener.Addr())
}

func (p *proxy) close() {
	_ = p.listener.Close() // nothing depends on it any more
	p.each((*line).reset)
	p.all.Wait()
}

func (p *proxy) each(do func(*line)) {
	p.mu.Lock()
	lines := make([]*line, 0, len(p.lines))
	for l := range p.lines {
		lines = append(lines, l)
	}
	p.mu.Unlock()
	for _, l := range lines {
		do(l)
	}
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{Timeout: 5 * time.Second}).Dial("unix", p.socket)
		if err != nil {
			_ = client.Close() // the server is not there, and that is what the client has to see
			continue
		}
		l := &line{proxy: p, client: client, server: server, sunk: make(chan struct{})}
		p.mu.Lock()
		p.lines[l] = struct{}{}
		p.mu.Unlock()
		p.all.Go(func() {
			defer l.reset()
			l.toClient()
		})
		p.all.Go(func() {
			defer l.end()
			l.toServer()
		})
	}
}

// spring makes the proxy do its worst, and returns when it has: at the latest after patience, and then by the trap's variant for all connections.
func (p *proxy) spring(ctx context.Context, t trap, patience time.Duration) {
	if t == cutAll {
		p.each((*line).reset)
		return
	}
	if t == holeAll {
		p.each((*line).sink)
		return
	}
	p.mu.Lock()
	p.armed, p.hit = t, make(chan struct{})
	hit := p.hit
	p.mu.Unlock()
	select {
	case <-hit:
		return
	case <-ctx.Done():
	case <-time.After(patience):
	}
	p.mu.Lock()
	p.armed = noTrap
	p.mu.Unlock()
	p.each((*line).reset)
}

// trapped tells whether a trap goes off now: only one connection falls into it.
func (p *proxy) trapped(cut, hole trap) (trap, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.armed
	if t == noTrap || (t != cut && t != hole) {
		return noTrap, false
	}
	p.armed = noTrap
	close(p.hit)
	return t, true
}

// reset ends both sides without a good-bye.
func (l *line) reset() {
	l.proxy.mu.Lock()
	delete(l.proxy.lines, l)
	l.proxy.mu.Unlock()
	if tcp, ok := l.client.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it may be closed already
	}
	_ = l.client.Close()
	_ = l.server.Close()
}

// end is reset, but the server of a connection in a black hole is left waiting.
func (l *line) end() {
	select {
	case <-l.sunk:
		_ = l.client.Close()
		time.AfterFunc(holeLasts, l.reset)
	default:
		l.reset()
	}
}

// sink makes the connection a black hole.
func (l *line) sink() { l.once.Do(func() { close(l.sunk) }) }

func (l *line) isSunk() bool {
	select {
	case <-l.sunk:
		return true
	default:
		return false
	}
}

// toClient forwards what the server says.
func (l *line) toClient() {
	buffer := make([]byte, 32<<10)
	for {
		n, err := l.server.Read(buffer)
		if l.isSunk() {
			<-time.After(holeLasts)
			return
		}
		if n > 0 {
			if _, err := l.client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// commit is the body of the message that pgx commits with.
var commit = []byte("commit\x00")

// longest is the size of the longest message that is looked into.
const longest = 64 << 10

// toServer forwards what the client says, message by message, and looks for the place of a trap.
func (l *line) toServer() {
	from := bufio.NewReaderSize(l.client, longest)
	if l.forward(from, 0) != nil { // the startup message has no type
		return
	}
	for {
		if err := l.forward(from, 1); err != nil {
			if errors.Is(err, errSunk) {
				_, _ = io.Copy(io.Discard, from) // until the client gives up
			}
			return
		}
	}
}

var (
	errSunk  = errors.New("in a black hole")
	errReset = errors.New("reset")
)

// forward forwards one message with a type of so many bytes.
func (l *line) forward(from *bufio.Reader, typeBytes int) error {
	head := make([]byte, typeBytes+4)
	if _, err := io.ReadFull(from, head); err != nil {
		return err
	}
	if l.isSunk() {
		return errSunk
	}
	size := int64(binary.BigEndian.Uint32(head[typeBytes:])) - 4
	if size < 0 {
		return fmt.Errorf("a message of %d bytes", size)
	}
	if typeBytes == 1 && head[0] == 'd' && size > 1 {
		if t, ok := l.proxy.trapped(cutInCopy, holeInCopy); ok {
			return l.fall(t, from, head, size/2)
		}
	}
	if typeBytes == 1 && size <= longest && bytes.IndexByte([]byte("QPBS"), head[0]) >= 0 {
		body, err := from.Peek(int(size))
		if err != nil {
			return err
		}
		if t := l.look(head[0], body); t != noTrap {
			return l.fall(t, from, head, size)
		}
	}
	if _, err := l.server.Write(head); err != nil {
		return err
	}
	_, err := io.CopyN(l.server, from, size)
	return err
}

// look tells whether the client falls into a trap with the message: right after it.
func (l *line) look(kind byte, body []byte) trap {
	switch kind {
	case 'Q': // a statement in plain text
		if bytes.Equal(body, commit) {
			t, _ := l.proxy.trapped(cutAfterCommit, holeAfterCommit)
			return t
		}
	case 'P': // prepares a statement: its name, its text
		if name, rest, ok := bytes.Cut(body, []byte{0}); ok && bytes.Contains(rest, []byte("locked_jobs")) {
			l.fetches = string(name)
		}
	case 'B': // binds parameters: of a portal, to a statement
		_, rest, _ := bytes.Cut(body, []byte{0})
		if name, _, ok := bytes.Cut(rest, []byte{0}); ok && l.fetches != "" && string(name) == l.fetches {
			l.falling, _ = l.proxy.trapped(cutAfterFetch, holeAfterFetch)
		}
	case 'S': // the end of messages that are sent together
		t := l.falling
		l.falling = noTrap
		return t
	}
	return noTrap
}

// fall forwards the beginning of a message and nothing after it.
func (l *line) fall(t trap, from *bufio.Reader, head []byte, size int64) error {
	hole := t == holeInCopy || t == holeAfterCommit || t == holeAfterFetch
	// Before the server can answer.
	if hole {
		l.sink()
	} else if tcp, ok := l.client.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it may be closed already
		defer l.reset()
		defer tcp.Close()
	}
	if _, err := l.server.Write(head); err != nil {
		return err
	}
	if _, err := io.CopyN(l.server, from, size); err != nil {
		return err
	}
	if hole {
		return errSunk
	}
	// The server gets the time to do what it was told; the client hears nothing of it.
	l.sink()
	<-time.After(20 * time.Millisecond)
	return errReset
}

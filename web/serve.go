package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// Times that a client gets: for its header, between two requests, and for an answer that runs when the server stops.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 5 * time.Second
	maxHeader     = 64 << 10
)

// WideError is returned by [Listen] for an address that others than this machine can reach.
type WideError struct{ Host string }

func (e *WideError) Error() string {
	return fmt.Sprintf("Server.host is %s, which other machines can reach, and requests need no token yet: "+
		"set it to 127.0.0.1 (`augur config set --section Server --setting host --value 127.0.0.1`), "+
		"and put a proxy that asks for a password before it", e.Host)
}

// PortError is returned by [Listen] when the port is taken, or may not be used.
type PortError struct {
	Port int
	Err  error
}

func (e *PortError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return fmt.Sprintf("port %d is taken by another program: choose another with --port, or in setting Server.port", e.Port)
	}
	return fmt.Sprintf("port %d: %v: choose another with --port, or in setting Server.port", e.Port, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

// Listen opens the port on the host, which must be this machine's own. Port 0 is any free one.
func Listen(ctx context.Context, host string, port int) (net.Listener, error) {
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("Server.host: %w", err)
	}
	for _, address := range addresses {
		if !address.IP.IsLoopback() {
			return nil, &WideError{Host: host}
		}
	}
	// The address that was looked at, not the name: it could lead elsewhere the next time.
	at := net.JoinHostPort(addresses[0].String(), strconv.Itoa(port))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", at)
	if err != nil {
		return nil, &PortError{Port: port, Err: err}
	}
	return listener, nil
}

// Serve answers requests until ctx ends; those that run then get a few seconds. It closes the listener.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, settings Server, log *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: settings.Timeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() {
		if settings.SSL {
			failed <- server.ServeTLS(listener, settings.CertFile, settings.KeyFile)
			return
		}
		failed <- server.Serve(listener)
	}()
	select {
	case err := <-failed:
		_ = listener.Close() // it is closed already, unless there is no certificate
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if ended := <-failed; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	if err != nil {
		return fmt.Errorf("stop the web server: %w", err)
	}
	return nil
}

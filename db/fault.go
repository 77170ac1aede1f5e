package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// connectFault says which database did not let us in, why, and what a person can do. What pgx says of each address and each kind of encryption that
// it tried stays in the chain, and is printed, on one line, only where no single reason is known.
func connectFault(dsn string, err error) error {
	reason, advice := reasonOf(err)
	if reason == "" {
		reason = strings.Join(strings.Fields(err.Error()), " ")
	}
	if advice != "" {
		reason += ": " + advice
	}
	return fmt.Errorf("connect to %s: %w", Redact(dsn), redactError(&faultError{text: reason, err: err}, dsn))
}

// faultError is err in other words.
type faultError struct {
	text string
	err  error
}

func (e *faultError) Error() string { return e.text }

func (e *faultError) Unwrap() error { return e.err }

// reasonOf finds the reason in a failed connection, and what to do about it. Both are empty when the reason is none that it knows.
func reasonOf(err error) (reason, advice string) {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Message, adviceFor(answer.Code)
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && !unknown.IsTimeout {
		return "there is no host " + unknown.Name, "is its name right?"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there", "are host and port right, and does PostgreSQL run?"
	case errors.Is(err, fs.ErrNotExist):
		return "there is no socket of a server in that directory", "does PostgreSQL run?"
	case errors.Is(err, fs.ErrPermission):
		return "the socket of the server is closed to this user", "name a host and a port instead, or run the program as another user"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no answer", "are host and port right, and does a firewall let the connection through?"
	}
	return "", ""
}

// adviceFor is what helps against an answer of the server, by its SQLSTATE.
func adviceFor(code string) string {
	switch code {
	case "28P01", "28000":
		return "are user and password right, and does pg_hba.conf let this user in from here?"
	case "3D000":
		return "is the name right? `createdb` makes a database"
	case "42501":
		return "GRANT CONNECT, CREATE ON DATABASE gives the right"
	case "53300":
		return "all connections are in use: raise max_connections, or stop something"
	case "57P03":
		return "try again in a moment"
	}
	return ""
}

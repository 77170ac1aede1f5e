package db_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"augur/db"
	"augur/db/dbtest"
)

func TestAFailedConnectionSaysWhatToDo(t *testing.T) {
	t.Parallel()
	here := dbtest.Empty(t)
	u, err := url.Parse(here)
	require.NoError(t, err)
	socket := u.Query().Get("host")
	elsewhere := func(user *url.Userinfo, name, host string) string {
		v := *u
		v.User, v.Path, v.RawQuery = user, "/"+name, "host="+url.QueryEscape(host)
		return v.String()
	}
	for dsn, want := range map[string]string{
		"postgres://ann:secret@127.0.0.1:1/augur":                     "nothing listens there: are host and port right, and does PostgreSQL run?",
		"postgres://ann:secret@there-is-none.invalid/augur":           "there is no host there-is-none.invalid: is its name right?",
		elsewhere(u.User, "nowhere", socket):                          `database "nowhere" does not exist: is the name right?`,
		elsewhere(url.User("stranger"), u.Path[1:], socket):           `role "stranger" does not exist: are user and password right`,
		elsewhere(u.User, "augur", t.TempDir()):                       "there is no socket of a server in that directory: does PostgreSQL run?",
		"mysql://ann:secret@127.0.0.1/augur":                          "is no address of a database, such as postgres://user:password@host:5432/name",
		"postgresql+psycopg2://ann:se%zzcret@127.0.0.1:1/augur":       "is no address of a database",
		"host=127.0.0.1 port=1 user=ann password=secret dbname=augur": "nothing listens there",
	} {
		_, err := db.Connect(t.Context(), dsn, db.Options{})
		require.ErrorContains(t, err, want, dsn)
		require.NotContains(t, err.Error(), "\n", dsn)
		require.False(t, strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "zzcret"), err.Error())
	}
	_, err = db.Connect(t.Context(), elsewhere(u.User, "nowhere", socket), db.Options{})
	var answer *pgconn.PgError
	require.ErrorAs(t, err, &answer)
}

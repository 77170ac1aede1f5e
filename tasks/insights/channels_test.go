package insights_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/tasks/insights"
)

// mailServer speaks as much SMTP as one mail needs, gives what it was handed, and hangs up without a word: one that was taken is not sent again.
func mailServer(t *testing.T) (address string, mails <-chan string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	handed := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		lines := bufio.NewScanner(conn)
		var mail strings.Builder
		fmt.Fprint(conn, "220 ready\r\n")
		for data := false; lines.Scan(); {
			switch line := lines.Text(); {
			case data && line == ".":
				handed <- mail.String()
				fmt.Fprint(conn, "250 taken\r\n")
				return
			case data:
				mail.WriteString(line + "\n")
			case line == "DATA":
				data = true
				fmt.Fprint(conn, "354 go on\r\n")
			default:
				mail.WriteString(line + "\n")
				fmt.Fprint(conn, "250 well\r\n")
			}
		}
	}()
	return listener.Addr().String(), handed
}

func TestInsightsAreMailed(t *testing.T) {
	t.Parallel()
	address, mails := mailServer(t)
	w := setup(t, "Insight_Task.notify_mail_server="+address, "Insight_Task.notify_mail_from=augur@example.org", "Insight_Task.notify_mail_to=Ann <ann@example.org>, bob@example.org")
	repo := w.repo("mailed")
	w.commits(repo, "Ann", 400, 1, steady)
	w.commits(repo, "Bob", 1, 1, "70")
	require.Equal(t, "Success", w.run(repo).Status)
	select {
	case mail := <-mails:
		require.Contains(t, mail, "RCPT TO:<ann@example.org>\nRCPT TO:<bob@example.org>")
		require.Contains(t, mail, "Subject: Insights: 1 unusual thing in https://example.org/mailed.git\n")
		require.Regexp(t, `\nMessage-ID: <[0-9a-f]{24}@example\.org>\nAuto-Submitted: auto-generated\n`, mail)
		require.Contains(t, strings.ReplaceAll(mail, "=\n", ""), "would be usual on a")
	case <-time.After(time.Minute):
		t.Fatal("no mail came")
	}
}

func TestAddressesThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, insights.Notify{}.Validate())
	err := insights.Notify{
		WebhookURL: config.NewSecret("ftp://example.org/SECRET"), MailTo: "nobody", MailServer: "example.org",
	}.Validate()
	require.ErrorContains(t, err, "Insight_Task.notify_webhook_url: must be an http or https URL")
	require.ErrorContains(t, err, "Insight_Task.notify_mail_to: ")
	require.NotContains(t, err.Error(), "SECRET")
	err = insights.Notify{MailTo: "ann@example.org", MailServer: "example.org"}.Validate()
	require.ErrorContains(t, err, "Insight_Task.notify_mail_from: ")
	require.ErrorContains(t, err, "Insight_Task.notify_mail_server: ")
}

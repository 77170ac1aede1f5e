package insights

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize/english"

	"augur/db/config"
)

// sendWebhook sends the message as JSON, signed when there is a key.
func (n Notify) sendWebhook(ctx context.Context, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode the message: %w", err)
	}
	header := http.Header{}
	if n.WebhookSecret.Set() {
		mac := hmac.New(sha256.New, []byte(n.WebhookSecret.Reveal()))
		mac.Write(body)
		header.Set("X-Augur-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return post(ctx, n.WebhookURL, header, body)
}

// sendSlack sends the message as a text.
func (n Notify) sendSlack(ctx context.Context, m Message) error {
	// https://docs.slack.dev/messaging/formatting-message-text#escaping
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	body, err := json.Marshal(map[string]string{"text": escape.Replace(text(m))})
	if err != nil {
		return fmt.Errorf("encode the message: %w", err)
	}
	return post(ctx, n.SlackURL, http.Header{}, body)
}

// textMost is how many conditions a text lists at most: the strongest.
const textMost = 40

// repos are the ids of the repositories that the message is about.
func (m Message) repos() map[int64]bool {
	repos := map[int64]bool{}
	for i := range m.Insights {
		repos[m.Insights[i].RepoID] = true
	}
	return repos
}

// title is the message in one line.
func title(m Message) string {
	repos := m.repos()
	what := english.Plural(len(Group(m.Insights)), "unusual thing", "")
	if len(repos) == 1 {
		return what + " in " + oneLine(m.Insights[0].Repository)
	}
	return what + " in " + english.Plural(len(repos), "repository", "")
}

// text is the message for people.
func text(m Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", title(m))
	groups := Group(m.Insights)
	for _, group := range groups[:min(len(groups), textMost)] {
		strongest := &group[0]
		b.WriteString("- ")
		if len(m.repos()) > 1 { // otherwise the title names it
			b.WriteString(oneLine(strongest.Repository) + ": ")
		}
		fmt.Fprintf(&b, "%s (augur insights show %d)\n", oneLine(strongest.Story()), strongest.ID)
	}
	if more := len(groups) - textMost; more > 0 {
		fmt.Fprintf(&b, "\nAnd %d more: augur insights list\n", more)
	}
	return b.String()
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// post sends the body. Errors do not name the address, which may be a secret.
func post(ctx context.Context, address config.Secret, header http.Header, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.Reveal(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address is no URL")
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}}
	response, err := client.Do(request)
	if hidden := new(url.Error); errors.As(err, &hidden) {
		return hidden.Err
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		return fmt.Errorf("status %s: %.200q", response.Status, said)
	}
	return nil
}

// sendMail sends the message as a mail of plain text.
func (n Notify) sendMail(ctx context.Context, m Message) error {
	from, err := mail.ParseAddress(n.MailFrom)
	if err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	to, err := mail.ParseAddressList(n.MailTo)
	if err != nil {
		return fmt.Errorf("recipients: %w", err)
	}
	body, err := letter(from, to, m, time.Now())
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(n.MailServer)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", n.MailServer)
	if err != nil {
		return fmt.Errorf("connect to the mail server: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return errors.Join(fmt.Errorf("bound the time of the mail server: %w", err), conn.Close())
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return fmt.Errorf("greet the mail server: %w", err) // the connection is closed
	}
	defer client.Close()
	if err := n.post(client, host, from, to, body); err != nil {
		return fmt.Errorf("hand over the mail: %w", err)
	}
	_ = client.Quit() // the server has taken the mail: that it ends badly must not bring it twice
	return nil
}

// post hands a letter over to a mail server.
func (n Notify) post(client *smtp.Client, host string, from *mail.Address, to []*mail.Address, body []byte) error {
	if ok, _ := client.Extension("STARTTLS"); ok {
		if err := client.StartTLS(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if n.MailUser != "" {
		// PlainAuth refuses to send a password without TLS.
		if err := client.Auth(smtp.PlainAuth("", n.MailUser, n.MailPassword.Reveal(), host)); err != nil {
			return err
		}
	}
	if err := client.Mail(from.Address); err != nil {
		return err
	}
	for _, recipient := range to {
		if err := client.Rcpt(recipient.Address); err != nil {
			return err
		}
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	return w.Close()
}

// letter is the message with its head. Its identifier follows from what it says, so that readers may notice one that comes twice.
func letter(from *mail.Address, to []*mail.Address, m Message, at time.Time) ([]byte, error) {
	names := make([]string, len(to))
	for i, recipient := range to {
		names[i] = recipient.String()
	}
	content, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode the message: %w", err)
	}
	id := sha256.Sum256(content)
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nDate: %s\r\n", from, strings.Join(names, ", "), at.UTC().Format(time.RFC1123Z))
	// https://www.rfc-editor.org/rfc/rfc3834#section-5: no machine answers this one.
	fmt.Fprintf(&b, "Message-ID: <%x@%s>\r\nAuto-Submitted: auto-generated\r\n", id[:12], domain)
	fmt.Fprintf(&b, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", "Insights: "+title(m)))
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := io.WriteString(w, strings.ReplaceAll(text(m), "\n", "\r\n")); err != nil {
		return nil, fmt.Errorf("encode the mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encode the mail: %w", err)
	}
	return b.Bytes(), nil
}

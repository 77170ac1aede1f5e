package insights

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"augur/db/config"
)

// Notify is the part of section Insight_Task that says who is told. As long as nothing is set here, nobody is.
type Notify struct {
	_ struct{} `section:"Insight_Task" effect:"next task"`

	// Address that new insights are sent to as JSON (an HTTP POST). Empty: none.
	WebhookURL config.Secret `setting:"notify_webhook_url" default:""`
	// Key of the signature in the header X-Augur-Signature: `sha256=` and the HMAC of the body in hexadecimal. Empty: no signature.
	WebhookSecret config.Secret `setting:"notify_webhook_secret" default:""`
	// Address of an incoming webhook of Slack, or of anything that understands the same. Empty: none.
	SlackURL config.Secret `setting:"notify_slack_url" default:""`
	// Mail addresses, separated by commas. They need notify_mail_server and notify_mail_from. Empty: no mail.
	MailTo string `setting:"notify_mail_to" default:""`
	// Sender of mails.
	MailFrom string `setting:"notify_mail_from" default:""`
	// Mail server as host:port. TLS is used when the server offers it, and is a must for a password.
	MailServer string `setting:"notify_mail_server" default:""`
	// User at the mail server; empty: none.
	MailUser string `setting:"notify_mail_user" default:""`
	// Password of that user.
	MailPassword config.Secret `setting:"notify_mail_password" default:""`
	// 1 sends one message for all new insights of all repositories, the strongest first, when the last of those that are being judged is done. 0 sends one for
	// each condition at once.
	Digest bool `setting:"notify_digest" default:"1" type:"int"`
	// Least time between two such messages, and how long news wait at most for repositories that are still being judged.
	DigestEvery time.Duration `setting:"notify_digest_every" default:"20h" min:"1m" max:"744h"`
}

// any tells whether anybody is told.
func (n Notify) any() bool { return n.WebhookURL.Set() || n.SlackURL.Set() || n.MailTo != "" }

// Validate reports addresses that are none.
func (n Notify) Validate() error {
	var faults []error
	fault := func(setting, format string, args ...any) {
		faults = append(faults, fmt.Errorf("Insight_Task.%s: %w", setting, fmt.Errorf(format, args...)))
	}
	for setting, address := range map[string]config.Secret{"notify_webhook_url": n.WebhookURL, "notify_slack_url": n.SlackURL} {
		// The address itself may be a secret: it is not in the message.
		if u, err := url.Parse(address.Reveal()); address.Set() && (err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "") {
			fault(setting, "must be an http or https URL")
		}
	}
	if _, err := mail.ParseAddressList(n.MailTo); n.MailTo != "" && err != nil {
		fault("notify_mail_to", "must be mail addresses separated by commas (got %.80q)", n.MailTo)
		return errors.Join(faults...)
	}
	if _, err := mail.ParseAddress(n.MailFrom); (n.MailTo != "" || n.MailFrom != "") && err != nil {
		fault("notify_mail_from", "must be a mail address when notify_mail_to is set (got %.80q)", n.MailFrom)
	}
	host, _, err := net.SplitHostPort(n.MailServer)
	if (n.MailTo != "" || n.MailServer != "") && (err != nil || host == "" || strings.ContainsAny(n.MailServer, " \r\n")) {
		fault("notify_mail_server", "must be host:port when notify_mail_to is set (got %.80q)", n.MailServer)
	}
	return errors.Join(faults...)
}

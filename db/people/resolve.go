package people

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// Email is an e-mail of commits, a name that it was used with, and a commit that tells about it.
type Email struct{ Email, Name, Hash string }

// Meet notes e-mails of a repository's commits that are about to be stored, and finds the people behind those that nobody has seen before, as far as no platform has
// to be asked: such commits are stored with their contributor, and need not change later.
func (p *People) Meet(ctx context.Context, tx pgx.Tx, repoID int64, emails []Email) error {
	unseen, err := p.noteEmails(ctx, tx, repoID, emails)
	if err != nil || len(unseen) == 0 || !p.rules.Contributors {
		return err
	}
	_, err = p.resolve(ctx, tx, unseen)
	return err
}

// NoteEmails notes e-mails of a repository's commits that are not known yet, so that somebody is found for them. Empty ones are nobody's.
func (p *People) NoteEmails(ctx context.Context, tx pgx.Tx, repoID int64, emails []Email) error {
	_, err := p.noteEmails(ctx, tx, repoID, emails)
	return err
}

// noteEmails returns those that were not known.
func (p *People) noteEmails(ctx context.Context, tx pgx.Tx, repoID int64, emails []Email) (unseen []Email, err error) {
	addresses := make([]string, len(emails))
	for i, e := range emails {
		addresses[i] = e.Email
	}
	known, err := p.queries.KnownCommitEmails(ctx, tx, addresses)
	if err != nil {
		return nil, fmt.Errorf("look for known e-mails: %w", err)
	}
	seen := make(map[string]bool, len(known))
	for _, email := range known {
		seen[email] = true
	}
	n := db.NoteCommitEmailsParams{RepoID: &repoID}
	again := db.AskElsewhereParams{RepoID: &repoID}
	for _, e := range emails {
		if seen[e.Email] {
			again.Emails, again.Hashes = append(again.Emails, e.Email), append(again.Hashes, e.Hash)
			continue
		}
		seen[e.Email] = true
		unseen = append(unseen, e)
		n.Emails, n.Names, n.Hashes = append(n.Emails, e.Email), append(n.Names, e.Name), append(n.Hashes, e.Hash)
	}
	if len(n.Emails) > 0 {
		if err := p.queries.NoteCommitEmails(ctx, tx, n); err != nil {
			return nil, fmt.Errorf("note e-mails: %w", err)
		}
	}
	if len(again.Emails) > 0 {
		if err := p.queries.AskElsewhere(ctx, tx, again); err != nil {
			return nil, fmt.Errorf("note whom to ask about e-mails: %w", err)
		}
	}
	return unseen, nil
}

// pageEmails is how many e-mails are resolved at once.
const pageEmails = 1000

// Resolve finds the people whom the e-mails that a repository brought belong to, as far as that is known without asking a platform, page by page. It
// returns how many e-mails were resolved. Commits follow when it is settled.
func (p *People) Resolve(ctx context.Context, page Page, repoID int64) (int, error) {
	sum, after := 0, ""
	for {
		var last string
		var resolved int
		err := page(ctx, func(ctx context.Context, tx pgx.Tx) error {
			last, resolved = "", 0
			rows, err := p.queries.NewCommitEmails(ctx, tx, db.NewCommitEmailsParams{RepoID: &repoID, After: after, MaxRows: pageEmails})
			if err != nil || len(rows) == 0 {
				return err
			}
			emails := make([]Email, len(rows))
			for i, row := range rows {
				emails[i] = Email{Email: row.Email, Name: row.Name}
			}
			last = rows[len(rows)-1].Email
			resolved, err = p.resolve(ctx, tx, emails)
			return err
		})
		if err != nil {
			return sum, fmt.Errorf("resolve e-mails of repository %d: %w", repoID, err)
		}
		sum += resolved
		if last == "" {
			return sum, nil
		}
		after = last
	}
}

// resolveAgain resolves those of the e-mails that nobody was found for before.
func (p *People) resolveAgain(ctx context.Context, tx pgx.Tx, addresses []string) error {
	rows, err := p.queries.ResolvableEmails(ctx, tx, addresses)
	if err != nil {
		return fmt.Errorf("look for unresolved e-mails: %w", err)
	}
	emails := make([]Email, 0, len(rows))
	for _, row := range rows {
		emails = append(emails, Email{Email: row.Email, Name: row.Name})
	}
	_, err = p.resolve(ctx, tx, emails)
	return err
}

// resolve gives aliases to e-mails, and to what .mailmap makes of them: those that have one keep it; the canonical e-mail of a contributor is the contributor's; and
// the private address of an account of GitHub names its account.
func (p *People) resolve(ctx context.Context, tx pgx.Tx, emails []Email) (int, error) {
	raws := make([]string, len(emails))
	for i, e := range emails {
		raws[i] = e.Email
	}
	mapped, err := p.queries.MappedEmails(ctx, tx, raws)
	if err != nil {
		return 0, fmt.Errorf("look what .mailmap makes of e-mails: %w", err)
	}
	for _, row := range mapped {
		emails = append(emails, Email{Email: row.Email, Name: row.Name})
	}
	addresses := make([]string, len(emails))
	for i, e := range emails {
		addresses[i] = e.Email
	}
	have, err := p.queries.AliasesOf(ctx, tx, addresses)
	if err != nil {
		return 0, fmt.Errorf("look for aliases: %w", err)
	}
	emails = slices.DeleteFunc(emails, func(e Email) bool { _, ok := slices.BinarySearch(have, e.Email); return ok || e.Email == "" })
	if err := p.addAliases(ctx, tx, emails, addresses); err != nil {
		return 0, err
	}
	resolved, err := p.queries.ResolveCommitEmails(ctx, tx, raws)
	if err != nil {
		return 0, fmt.Errorf("mark e-mails as resolved: %w", err)
	}
	return int(resolved), nil
}

func (p *People) addAliases(ctx context.Context, tx pgx.Tx, emails []Email, addresses []string) error {
	owners, err := p.queries.ContributorsByCanonical(ctx, tx, addresses)
	if err != nil {
		return fmt.Errorf("look for contributors by e-mail: %w", err)
	}
	accounts := db.AddContributorsParams{ToolVersion: p.rules.ToolVersion}
	aliases := db.AddAliasesParams{ToolVersion: p.rules.ToolVersion}
	for _, e := range emails {
		i := slices.IndexFunc(owners, func(o db.ContributorsByCanonicalRow) bool { return o.Email == e.Email })
		if i >= 0 {
			aliases.Emails, aliases.CntrbIDs = append(aliases.Emails, e.Email), append(aliases.CntrbIDs, owners[i].CntrbID)
			continue
		}
		user, login, ok := NoReply(e.Email)
		if !ok {
			continue
		}
		id, err := db.ContributorID(db.GitHub, user)
		if err != nil {
			continue // a number that no account has
		}
		kind := ""
		if strings.HasSuffix(login, "[bot]") {
			kind = "Bot"
		}
		accounts.CntrbIDs, accounts.UserIDs, accounts.Logins = append(accounts.CntrbIDs, id), append(accounts.UserIDs, user), append(accounts.Logins, login)
		accounts.Types, accounts.Names, accounts.Emails = append(accounts.Types, kind), append(accounts.Names, e.Name), append(accounts.Emails, e.Email)
		aliases.Emails, aliases.CntrbIDs = append(aliases.Emails, e.Email), append(aliases.CntrbIDs, id)
	}
	if len(accounts.CntrbIDs) > 0 {
		if err := p.queries.AddContributors(ctx, tx, accounts); err != nil {
			return fmt.Errorf("add contributors: %w", err)
		}
	}
	if len(aliases.Emails) == 0 {
		return nil
	}
	if err := p.queries.AddAliases(ctx, tx, aliases); err != nil {
		return fmt.Errorf("add aliases: %w", err)
	}
	return nil
}

// NoReply reads the private address of an account of GitHub, 12345+login@users.noreply.github.com: the id in it is the account's for good, the login
// is the one that it had then. Older addresses without an id, and everything else, are not ok.
func NoReply(email string) (userID int64, login string, ok bool) {
	local, domain, _ := strings.Cut(email, "@")
	digits, login, plus := strings.Cut(local, "+")
	if !plus || login == "" || !strings.EqualFold(domain, "users.noreply.github.com") || strings.HasPrefix(digits, "0") || strings.Trim(digits, "0123456789") != "" {
		return 0, "", false
	}
	userID, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !validLogin(strings.TrimSuffix(login, "[bot]")) {
		return 0, "", false
	}
	return userID, login, true
}

// validLogin allows underscores, which logins of managed accounts have.
func validLogin(login string) bool {
	return login != "" && len(login) <= 100 && strings.Trim(login, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

package github

import (
	"context"
	"errors"
	"net/http"
	"time"

	"augur/tasks"
	"augur/tasks/github/api"
)

// contributorList is the list of those who have commits in a repository.
func contributorList() list[*api.Contributor] {
	return list[*api.Contributor]{
		resource: KindContributors,
		mark:     pushed,
		read: func(ctx context.Context, p *pass, _ time.Time, etag, next string) (api.Page[*api.Contributor], error) {
			return p.client.Contributors(ctx, p.repo, etag, next)
		},
		prepare: prepareContributors,
	}
}

// contributors stores who has commits in the repository. For some it is too large for GitHub to say: that is a result.
func (s *Source) contributors(ctx context.Context, c *tasks.Collection) error {
	err := collectNewest(s, contributorList())(ctx, c)
	if refused, ok := errors.AsType[*api.StatusError](err); ok && refused.Status == http.StatusForbidden {
		c.Log.InfoContext(ctx, "the list of contributors is too large for GitHub")
		return c.Finish(ctx, nil)
	}
	return err
}

// prepareContributors makes rows of those who have an account. The others are only names and addresses, which the commits have, too.
func prepareContributors(_ context.Context, p *pass, items []*api.Contributor) (page, error) {
	who := p.people()
	var anonymous int64
	for _, c := range items {
		id := who.add(&api.User{
			Login: c.Login, ID: c.ID, NodeID: c.NodeID, AvatarURL: c.AvatarURL, GravatarID: c.GravatarID, URL: c.URL, HTMLURL: c.HTMLURL, FollowersURL: c.FollowersURL,
			FollowingURL: c.FollowingURL, GistsURL: c.GistsURL, StarredURL: c.StarredURL, SubscriptionsURL: c.SubscriptionsURL,
			OrganizationsURL: c.OrganizationsURL, ReposURL: c.ReposURL, EventsURL: c.EventsURL, ReceivedEventsURL: c.ReceivedEventsURL, Type: c.Type,
			SiteAdmin: c.SiteAdmin,
		})
		if id == nil {
			anonymous++
		}
	}
	var k pack
	write := who.writer(&k, p.source.queries, p.c.Repo.ID)
	return page{write: write, uncounted: anonymous, scrubbed: k.scrubbed}, k.err
}

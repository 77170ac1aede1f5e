package github

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

type (
	// release is a release as GraphQL has it.
	release struct {
		ID          string  `json:"id"`
		Name        *string `json:"name"`
		Description *string `json:"description"`
		Author      *struct {
			Login   string  `json:"login"`
			Name    *string `json:"name"`
			Company *string `json:"company"`
		} `json:"author"`
		CreatedAt    *time.Time `json:"createdAt"`
		PublishedAt  *time.Time `json:"publishedAt"`
		UpdatedAt    *time.Time `json:"updatedAt"`
		IsDraft      *bool      `json:"isDraft"`
		IsPrerelease *bool      `json:"isPrerelease"`
		TagName      *string    `json:"tagName"`
		URL          *string    `json:"url"`
	}
	// tag is a tag of git; only annotated ones know who made them.
	tag struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Target *struct {
			Tagger *struct {
				Name  *string    `json:"name"`
				Email *string    `json:"email"`
				Date  *time.Time `json:"date"`
			} `json:"tagger"`
		} `json:"target"`
	}
)

// releases are all releases; where there are none, as in Augur, the tags. Lists of more than a hundred are read to their ends.
func (p *pass) releases(ctx context.Context, w *wholeLook) ([]releaseRow, error) {
	rows := map[string]releaseRow{}
	lost := false
	var rests []rest
	follow := func(fragment, field string, after string, add func(json.RawMessage) (string, bool, error)) {
		rests = append(rests, rest{node: w.ID, after: after, fragment: "Repository { " + fragment + " }", field: field, add: add, lost: func() { lost = true }})
	}
	addReleases := func(list connection[release]) {
		for _, r := range list.Nodes {
			rows[r.ID] = r.row()
		}
	}
	addTags := func(list connection[tag]) {
		for _, t := range list.Nodes {
			rows[t.ID] = t.row("https://github.com/" + w.NameWithOwner + "/releases/tag/" + t.Name)
		}
	}
	if w.Releases.TotalCount > 0 {
		addReleases(w.ReleaseList)
		if after, more := w.ReleaseList.more(); more {
			follow(`releases(first: $first, after: #after, orderBy: {field: CREATED_AT, direction: DESC}) { `+listFields+releaseFields+` }`, "releases", after, each(addReleases))
		}
	} else {
		addTags(w.TagList)
		if after, more := w.TagList.more(); more {
			follow(`refs(refPrefix: "refs/tags/", first: $first, after: #after) { `+listFields+tagFields+` }`, "refs", after, each(addTags))
		}
	}
	if err := p.drain(ctx, "releases", rests); err != nil {
		return nil, err
	}
	if lost {
		return nil, fmt.Errorf("read releases of %s: GitHub cannot give them all", p.repo)
	}
	all := make([]releaseRow, 0, len(rows))
	for _, row := range rows {
		all = append(all, row)
	}
	slices.SortFunc(all, func(a, b releaseRow) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// each decodes pages of a list.
func each[T any](add func(connection[T])) func(json.RawMessage) (string, bool, error) {
	return func(document json.RawMessage) (string, bool, error) {
		var list connection[T]
		if err := json.Unmarshal(document, &list); err != nil {
			return "", false, fmt.Errorf("decode a page of a list: %w", err)
		}
		add(list)
		after, more := list.more()
		return after, more, nil
	}
}

func (r release) row() releaseRow {
	author := "No Author Available."
	if a := r.Author; a != nil {
		author = cmp.Or(value(a.Name), "nobody") + "_" + cmp.Or(value(a.Company), "nocompany")
	}
	return releaseRow{
		ID: r.ID, Name: r.Name, Description: value(r.Description), Author: author, CreatedAt: r.CreatedAt, PublishedAt: r.PublishedAt, UpdatedAt: r.UpdatedAt,
		IsDraft: r.IsDraft, IsPrerelease: r.IsPrerelease, TagName: r.TagName, URL: r.URL,
	}
}

func (t tag) row(url string) releaseRow {
	row := releaseRow{ID: t.ID, Name: &t.Name, Description: "tag_only", Author: "nobody_nobody", TagName: &t.Name, URL: &url, TagOnly: true}
	if t.Target != nil && t.Target.Tagger != nil {
		tagger := t.Target.Tagger
		row.Author = cmp.Or(value(tagger.Name), "nobody") + "_" + cmp.Or(value(tagger.Email), "nobody")
		if tagger.Date != nil {
			utc := tagger.Date.UTC()
			row.CreatedAt = &utc
		}
	}
	return row
}

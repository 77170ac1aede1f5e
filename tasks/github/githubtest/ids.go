package githubtest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"
)

// nodeID is a global id as GitHub makes them: a prefix for the type, then base64url of a MessagePack array of zero, the numbers of what the thing
// belongs to, and its own number.
func nodeID(prefix string, numbers ...int64) string {
	return encodeNode(prefix, appendNumbers(make([]byte, 0, 32), numbers, len(numbers)+1))
}

// hashNodeID is the global id of a commit or another object of git: the repository's number and the hash.
func hashNodeID(prefix string, repo int64, sha string) string {
	packed := appendNumbers(make([]byte, 0, 64), []int64{repo}, 3)
	packed = append(packed, 0xda, 0, byte(len(sha))) //nolint:gosec // a hash has 40
	return encodeNode(prefix, append(packed, sha...))
}

// textNodeID is the global id of something that is named by text: a reference, a file.
func textNodeID(prefix string, repo int64, text string) string {
	packed := appendNumbers(make([]byte, 0, 64), []int64{repo}, 3)
	packed = append(packed, 0xda)
	packed = binary.BigEndian.AppendUint16(packed, uint16(len(text))) //nolint:gosec // names are short
	return encodeNode(prefix, append(packed, text...))
}

func appendNumbers(packed []byte, numbers []int64, length int) []byte {
	packed = append(packed, 0x90|byte(length), 0) //nolint:gosec // a handful
	for _, n := range numbers {
		packed = appendNumber(packed, uint64(n)) //nolint:gosec // ids are positive
	}
	return packed
}

// appendNumber packs as the encoder behind GitHub's ids does: in 32 bits what fits there.
func appendNumber(packed []byte, n uint64) []byte {
	if n <= 0xffffffff {
		return binary.BigEndian.AppendUint32(append(packed, 0xce), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(packed, 0xcf), n)
}

func encodeNode(prefix string, packed []byte) string {
	return prefix + "_" + base64.RawURLEncoding.EncodeToString(packed)
}

// newIDs is when GitHub began to make ids of the newer kind. What is older kept its id.
var newIDs = time.Date(2021, 6, 1, 0, 0, 0, 0, time.UTC)

// oldNodeID is a global id of the older kind: base64 of the length of the type's name, the name and the number.
func oldNodeID(typeName string, number int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "0%d:%s%d", len(typeName), typeName, number))
}

func (r *Repo) nodeID() string { return nodeID("R", r.ID) }

// nodeID of a user: a bot, an organization and a mannequin have other prefixes.
func (u *User) nodeID() string {
	switch u.Type {
	case "Organization":
		return nodeID("O", u.ID)
	case "Bot":
		return nodeID("BOT", u.ID)
	case "Mannequin":
		return nodeID("M", u.ID)
	}
	if u.ID%3 == 0 {
		return oldNodeID("User", u.ID)
	}
	return nodeID("U", u.ID)
}

// nodeID of an issue is the pull request's when it is one, also in REST's list of issues, which has the issue's number beside it.
func (i *Issue) nodeID() string {
	if i.Pull != nil {
		return nodeID("PR", i.Repo.ID, i.Pull.ID)
	}
	return nodeID("I", i.Repo.ID, i.ID)
}

func (c *Comment) nodeID() string       { return nodeID("IC", c.Issue.Repo.ID, c.ID) }
func (v *Review) nodeID() string        { return nodeID("PRR", v.Issue.Repo.ID, v.ID) }
func (c *ReviewComment) nodeID() string { return nodeID("PRRC", c.Issue.Repo.ID, c.ID) }
func (l *Label) nodeID(r *Repo) string  { return nodeID("LA", r.ID, l.ID) }
func (m *Milestone) nodeID(r *Repo) string {
	return nodeID("MI", r.ID, m.ID)
}
func (t *Team) nodeID() string           { return nodeID("T", t.ID) }
func (r *Release) nodeID(o *Repo) string { return nodeID("RE", o.ID, r.ID) }
func (c *Commit) nodeID(r *Repo) string  { return hashNodeID("C", r.ID, c.SHA) }

func (e *Event) nodeID() string {
	prefix := eventTypes[e.Kind].prefix
	if e.Created.Before(newIDs) {
		return oldNodeID(eventTypes[e.Kind].graphql, e.ID)
	}
	if e.Issue == nil {
		return nodeID(prefix, e.repo.ID, e.ID)
	}
	parent := e.Issue.ID
	if e.Issue.Pull != nil {
		parent = e.Issue.Pull.ID
	}
	return nodeID(prefix, e.repo.ID, parent, e.ID)
}

// eventTypes are the kinds of events that the generator makes: REST's name, GraphQL's type and the prefix of its ids.
var eventTypes = map[string]struct{ graphql, prefix string }{
	"assigned":              {"AssignedEvent", "AE"},
	"closed":                {"ClosedEvent", "CE"},
	"demilestoned":          {"DemilestonedEvent", "DEME"},
	"head_ref_deleted":      {"HeadRefDeletedEvent", "HRDE"},
	"head_ref_force_pushed": {"HeadRefForcePushedEvent", "HRFPE"},
	"labeled":               {"LabeledEvent", "LE"},
	"locked":                {"LockedEvent", "LOE"},
	"mentioned":             {"MentionedEvent", "MEE"},
	"merged":                {"MergedEvent", "ME"},
	"milestoned":            {"MilestonedEvent", "MIE"},
	"referenced":            {"ReferencedEvent", "REFE"},
	"renamed":               {"RenamedTitleEvent", "RTE"},
	"reopened":              {"ReopenedEvent", "REE"},
	"review_requested":      {"ReviewRequestedEvent", "RRE"},
	"subscribed":            {"SubscribedEvent", "SE"},
	"unassigned":            {"UnassignedEvent", "UNAE"},
	"unlabeled":             {"UnlabeledEvent", "UNLE"},

	// These tell nothing of their own.
	"auto_merge_enabled":     {"AutoMergeEnabledEvent", "AMEE"},
	"base_ref_changed":       {"BaseRefChangedEvent", "BRCE"},
	"comment_deleted":        {"CommentDeletedEvent", "CDE"},
	"connected":              {"ConnectedEvent", "COE"},
	"convert_to_draft":       {"ConvertToDraftEvent", "CTDE"},
	"deployed":               {"DeployedEvent", "DE"},
	"disconnected":           {"DisconnectedEvent", "DISE"},
	"head_ref_restored":      {"HeadRefRestoredEvent", "HRRE"},
	"marked_as_duplicate":    {"MarkedAsDuplicateEvent", "MADE"},
	"pinned":                 {"PinnedEvent", "PINE"},
	"ready_for_review":       {"ReadyForReviewEvent", "RFRE"},
	"review_dismissed":       {"ReviewDismissedEvent", "RDE"},
	"review_request_removed": {"ReviewRequestRemovedEvent", "RRRE"},
	"unlocked":               {"UnlockedEvent", "UNLOE"},
	"unpinned":               {"UnpinnedEvent", "UNPE"},
	"unsubscribed":           {"UnsubscribedEvent", "USE"},
}

// plainKinds are events that any item has, and those that only pull requests have.
var (
	plainKinds = []string{"comment_deleted", "connected", "disconnected", "marked_as_duplicate", "pinned", "unlocked", "unpinned", "unsubscribed"}
	pullKinds  = []string{
		"auto_merge_enabled", "base_ref_changed", "convert_to_draft", "deployed", "head_ref_deleted", "head_ref_force_pushed", "head_ref_restored",
		"ready_for_review", "review_dismissed", "review_request_removed",
	}
)

package mailmap_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade/mailmap"
)

func ExampleParse() {
	m := mailmap.Parse([]byte("Jane Doe <jane@example.org> <jane@laptop.(none)>\n"))
	fmt.Println(m.Lookup("jane", "JANE@laptop.(none)"))
	// Output: Jane Doe jane@example.org
}

// The file has every form of the format, and what people make of it.
const file = `# comment
 # no comment, but no address either
Proper Name <commit@email.xx>
<proper@email.xx> <other@email.xx>
Both Proper <proper@email.xx> <both@email.xx>
Named Proper <named@email.xx> Commit Name <shared@email.xx>
Other Proper <other-proper@email.xx> Other Name <Shared@email.xx>
Fallback <shared@email.xx>
Later One <later@email.xx>
Later Two <later@email.xx>
<later-proper@email.xx> <later@email.xx>
	Tabs and blanks  	 < inner@email.xx > < old inner@email.xx > # why
Three <one@email.xx> <two@email.xx> <three@email.xx>
<alone@email.xx>
No Address
Never closed <closed@email.xx
Empty <> <empty@email.xx>
To Empty <to-empty@email.xx> <>
Named Empty <named-empty@email.xx> Nobody <>
Björk Guðmundsdóttir <björk@email.xx> BJÖRK <BJÖRK@email.xx>
Windows <windows@email.xx> <dos@email.xx>` + "\r" + `
Chain One <chain2@email.xx> <chain1@email.xx>
Chain Two <chain3@email.xx> <chain2@email.xx>
Cycle One <cycle2@email.xx> <cycle1@email.xx>
Cycle Two <cycle1@email.xx> <cycle2@email.xx>
Less < <less@email.xx> <less2@email.xx>
Only Name Changes <only@email.xx> Only <only@email.xx>
Last Line <last@email.xx> <without-end@email.xx>`

func TestLookupAnswersAsGitDoes(t *testing.T) {
	t.Parallel()
	var contacts [][2]string
	for _, name := range []string{"Some Body", "Commit Name", "commit name", "Other Name", "Nobody", "BJÖRK", "björk", "Only", "Proper Name"} {
		for _, email := range []string{
			"commit@email.xx", "COMMIT@EMAIL.XX", "proper@email.xx", "other@email.xx", "both@email.xx", "shared@email.xx", "SHARED@email.xx", "later@email.xx",
			"old inner@email.xx", "two@email.xx", "three@email.xx", "alone@email.xx", "closed@email.xx", "empty@email.xx", "BJÖRK@email.xx", "björk@email.xx",
			"dos@email.xx", "chain1@email.xx", "chain2@email.xx", "cycle1@email.xx", "cycle2@email.xx", "less@email.xx", "less2@email.xx", "only@email.xx", "without-end@email.xx", "nobody@email.xx",
		} {
			contacts = append(contacts, [2]string{name, email})
		}
	}
	compare(t, []byte(file), contacts)
}

func TestHostileFilesAnswerAsGitDoes(t *testing.T) {
	t.Parallel()
	contacts := [][2]string{{"A", "a@b"}, {"A", "c@d"}, {"\xff", "\xff@x"}, {"n4711", "e4711@x"}, {"n9999", "e9999@x"}}
	var large, cycle strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&large, "Proper %d <p%d@x> n%d <e%d@x>\n", i, i, i, i)
	}
	for i := range 10_000 {
		fmt.Fprintf(&cycle, "N%d <e%d@x> <e%d@x>\n", i, (i+1)%10_000, i)
	}
	for name, file := range map[string]string{
		"empty":        "",
		"zero byte":    "One <one@x> <a@b>\nTwo <two\x00@x> <c@d>\nThree <three@x> <c@d>\n",
		"not UTF-8":    "Caf\xe9 <\xe9@x> \xff <\xff@x>\nA <b@c> <a@b>\n",
		"a megabyte":   large.String(),
		"a long line":  strings.Repeat("<", 1<<20) + "\nA <new@x> <a@b>",
		"a cycle":      cycle.String(),
		"only angles":  "<><><>\n>>><<<\n<>",
		"carriage":     "A <new@x> <a@b>\rB <other@x> <c@d>\r",
		"byte mark":    "\ufeffA <new@x> <a@b>\n",
		"comment tail": "A <new@x> <a@b> # <c@d>\n#A <new@x> <c@d>\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, []byte(file), contacts)
		})
	}
}

// compare asks git, in a bare repository as ours are, with the file as .mailmap of HEAD.
func compare(t *testing.T, file []byte, contacts [][2]string) {
	t.Helper()
	dir := t.TempDir()
	git := func(stdin []byte, args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_DIR="+filepath.Join(dir, "bare.git"),
			"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@b")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, "git %v: %s", args, stderr.String())
		return strings.TrimSuffix(string(out), "\n")
	}
	git(nil, "init", "-q", "--bare")
	blob := git(file, "hash-object", "-w", "--stdin")
	tree := git([]byte("100644 blob "+blob+"\t.mailmap\n"), "mktree")
	git(nil, "update-ref", "HEAD", git(nil, "commit-tree", "-m", "x", tree))

	var ask, want strings.Builder
	m := mailmap.Parse(file)
	for _, c := range contacts {
		fmt.Fprintf(&ask, "%s <%s>\n", c[0], c[1])
		name, email := m.Lookup(c[0], c[1])
		fmt.Fprintf(&want, "%s <%s>\n", name, email)
	}
	require.Equal(t, git([]byte(ask.String()), "check-mailmap", "--stdin"), strings.TrimSuffix(want.String(), "\n"))
}

func TestEmptyAddressIsMappedByTheLineThatNamesIt(t *testing.T) {
	t.Parallel()
	m := mailmap.Parse([]byte(file))
	name, email := m.Lookup("Nobody", "")
	require.Equal(t, "Named Empty <named-empty@email.xx>", name+" <"+email+">")
	name, email = m.Lookup("Somebody", "")
	require.Equal(t, "To Empty <to-empty@email.xx>", name+" <"+email+">")
}

// Whoever stands for somebody else by the other file has an address among the differences.
func TestDifferencesNameAllThatChanged(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	file := func() []byte {
		var b strings.Builder
		for range random.IntN(5) {
			fmt.Fprintf(&b, "%s <%s> %s <%s>\n", pick("", "Ann", "Bob"), pick("a@x", "B@x", "c@x"), pick("", "ann", "Bob"), pick("A@x", "b@x", "d@x"))
		}
		return []byte(b.String())
	}
	for range 2000 {
		was, is := mailmap.Parse(file()), mailmap.Parse(file())
		differences := is.Differences(was)
		require.Equal(t, differences, was.Differences(is))
		require.Empty(t, is.Differences(is))
		for _, name := range []string{"ann", "Bob", "Cem"} {
			for _, email := range []string{"a@x", "b@X", "c@x", "d@x", "e@x"} {
				wasName, wasEmail := was.Lookup(name, email)
				isName, isEmail := is.Lookup(name, email)
				if wasName != isName || wasEmail != isEmail {
					require.Contains(t, differences, mailmap.Fold(email))
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(file), "Commit Name", "shared@email.xx")
	f.Add([]byte("A <\x00> <a@b>\n<<>>"), "\xff", "A@B")
	f.Fuzz(func(t *testing.T, file []byte, name, email string) {
		m := mailmap.Parse(file)
		gotName, gotEmail := m.Lookup(name, email)
		// What comes out was put in or stands in the file, and asking costs one step: a mapping is never followed.
		if gotName != name && !bytes.Contains(file, []byte(gotName)) || gotEmail != email && !bytes.Contains(file, []byte(gotEmail)) {
			t.Fatalf("Lookup(%q, %q) = %q, %q: not from %q", name, email, gotName, gotEmail, file)
		}
		otherName, otherEmail := m.Lookup(name, shout(email))
		if gotEmail != email && otherEmail != gotEmail || gotName != name && otherName != gotName {
			t.Fatalf("case matters: Lookup(%q, %q) = %q, %q", name, shout(email), otherName, otherEmail)
		}
		if m.Len() > bytes.Count(file, []byte("<")) {
			t.Fatalf("%d entries of %q", m.Len(), file)
		}
	})
}

// shout is the text in upper case, as far as git knows case.
func shout(s string) string {
	loud := []byte(s)
	for i, b := range loud {
		if b >= 'a' && b <= 'z' {
			loud[i] = b - 'a' + 'A'
		}
	}
	return string(loud)
}

package githubtest

// Shape says how much of everything a repository has.
type Shape struct {
	Issues, Pulls                           int
	Files, Commits, Reviews, ReviewComments int // of each pull request
	Comments, Events                        int // in all
	Contributors, Releases, Tags            int
	Labels, Milestones                      int
	// Odd is whether the data holds what real data holds: deleted accounts, bots, bodies with a NUL or of 65 KB, forks that are gone, half a
	// surrogate, events without an issue, and hundreds of rows in one second.
	Odd bool
}

// ModelShape is the repository that the cost of collecting is measured with.
func ModelShape() Shape {
	return Shape{
		Issues: 10_000, Pulls: 5_000, Files: 4, Commits: 3, Reviews: 2, ReviewComments: 3, Comments: 30_000, Events: 60_000,
		Contributors: 300, Releases: 50, Tags: 60, Labels: 40, Milestones: 12, Odd: true,
	}
}

// SmallShape is a repository as most are: ten thousand of them fit in memory.
func SmallShape() Shape {
	return Shape{
		Issues: 6, Pulls: 4, Files: 2, Commits: 2, Reviews: 1, ReviewComments: 1, Comments: 12, Events: 20,
		Contributors: 5, Releases: 1, Tags: 2, Labels: 4, Milestones: 1,
	}
}

package git_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDependenciesCountFilesPerNameAndLanguage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a.py", "import os, json\nimport os\n")
	w.commit("b.py", "import os\n\x00 import \xff\xfe no\n")
	w.commit("c.go", "package c\nimport \"os\"\nimport \"fmt\"\n")
	w.commit("d.js", "import x from 'os';\n")
	w.commit("bad.py", "\xff\xfe\x00'''")
	w.collectWell()
	rows := func() []string {
		return w.strings(`SELECT concat_ws('|', dep_name, dep_count, dep_language) FROM repo_dependencies
			WHERE data_collection_date = (SELECT max(data_collection_date) FROM repo_dependencies) ORDER BY dep_name COLLATE "C"`)
	}
	require.Equal(t, []string{"fmt|1|go", "json|1|python", "os|2|python", "os (go)|1|go", "os (javascript)|1|javascript"}, rows(), "one file of strange bytes costs no other")
	require.Equal(t, []string{"deps_model|test|Git"}, w.strings("SELECT DISTINCT concat_ws('|', tool_source, tool_version, data_source) FROM repo_dependencies"))
	w.commit("README.md", "nothing imported\n")
	w.collectWell()
	require.Equal(t, []string{"1"}, w.strings("SELECT count(DISTINCT data_collection_date)::text FROM repo_dependencies"))
	w.commit("e.py", "import os\n")
	w.collectWell()
	require.Equal(t, []string{"2"}, w.strings("SELECT count(DISTINCT data_collection_date)::text FROM repo_dependencies"))
	require.Contains(t, rows(), "os|3|python")
}

package imports_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"augur/facade/imports"
)

func TestFindsImports(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, content string
		want          []string
	}{
		"python": {
			"a.py", "import os, a.b as c\nfrom x.y import (\n  z,\n)\nfrom . import local\nfrom .near import q\n" +
				"def f():\n    import late; import two\n    from deep import *\ntry: import quick\nexcept: pass\n" +
				"s = 'import no'\n'''\nimport no\n'''\n# import no\nx = a.import_\nfoo(\nimport_\n)\nimport con\\\ntinued\nyield from gen\nraise E from e\n",
			[]string{"a.b", "con", "deep", "late", "os", "quick", "two", "x.y"},
		},
		"ruby": {
			"a.rb", "require 'json'\nrequire \"net/http\"\n  require('set') if true\nrequire_relative 'near'\n# require 'no'\n=begin\nrequire 'no'\n=end\nrequire './x'\nrequire \"a#{b}\"\n__END__\nrequire 'no'\n",
			[]string{"json", "net/http", "set"},
		},
		"php": {
			"a.php", "<html>use No;<?php\nnamespace A { use B\\C; use D\\{E, F as G, function H}; use function I\\j;\nclass X { use TraitNo; function f() { $g = function() use ($x) {}; } }\n" +
				"include 'file.php'; require_once(\"vendor/autoload.php\"); // use No;\n$s = 'use No;'; }\n",
			[]string{`B\C`, `D\E`, `D\F`, `D\H`, `I\j`, "file.php", "vendor/autoload.php"},
		},
		"javascript": {
			"a.mjs", "import 'side';\nimport x, { y } from \"react\";\nexport * from '@scope/pkg';\nconst a = require('fs'), b = require(name);\nimport('lazy').then();\n" +
				"import z from './near'; // import n from 'no'\n/* require('no') */ const s = \"require('no')\", t = `import 'no'`, r = /require('no')['\"]/;\nobj.require('no'); x = 1 / 2; y = 'a' / 3;\n",
			[]string{"@scope/pkg", "fs", "lazy", "react", "side"},
		},
		"typescript":   {"a.tsx", "import type { A } from 'types';\nimport b = require('old');\n", []string{"old", "types"}},
		"visual basic": {"a.vb", "Imports System.IO, A = B.C ' note\r\nimports system.text\r\nImports <xmlns:x=\"no\">\r\n' Imports No\r\n", []string{"B.C", "System.IO", "system.text"}},
		"c#": {
			"a.cs", "global using System;\nusing static System.Math;\nusing A = B.C<int>;\nusing (var x = y) { }\nusing var z = w();\nvar s = @\"using No;\"\"\";\n// using No;\nusing Last.One;\n",
			[]string{"B.C", "Last.One", "System", "System.Math"},
		},
		"java":   {"A.java", "package a;\nimport java.util.List;\nimport static org.junit.Assert.*;\n/* import no; */\nclass A { String import_ = \"import no;\"; }\n", []string{"java.util.List", "org.junit.Assert.*"}},
		"c++":    {"a.cpp", "#include <vector>\n# include \"local/x.h\" // note\n/* #include <no> */\nauto s = \"#include <no>\";\n#include MACRO\n", []string{"local/x.h", "vector"}},
		"c":      {"a.h", "#include <sys/types.h>\r\n#include <stdio.h>\r\n#define X\n", []string{"stdio.h", "sys/types.h"}},
		"go":     {"a.go", "package a\n\nimport \"fmt\"\nimport (\n\tx \"a/b\"\n\t_ \"c\"\n)\nfunc f() { this is broken", []string{"a/b", "c", "fmt"}},
		"kotlin": {"a.kt", "package a\nimport kotlin.math.PI as P\nimport java.util.*\nimport x.y\nclass A { val s = \"import no.no\" } /* /* import no */ import no */\n", []string{"java.util.*", "kotlin.math.PI", "x.y"}},
		"rust": {
			"a.rs", "use std::{io, fs::{self, File}, collections::*};\nuse serde::Deserialize as D;\nextern crate libc;\nuse crate::near;\nuse super::x;\npub use a::b;\nfn f<'a>(x: &'a str) { let c = 'x'; use inner::y; }\n// use no;\nlet s = r#\"use no;\"#;\n",
			[]string{"a::b", "inner::y", "libc", "serde::Deserialize", "std::collections::*", "std::fs", "std::fs::File", "std::io"},
		},
		"not utf-8": {"a.py", "import \xff\nimport os\n", []string{"os", "\uFFFD"}},
		"utf-16":    {"a.vb", "\xff\xfeI\x00m\x00p\x00o\x00r\x00t\x00s\x00 \x00A\x00\n\x00", []string{"A"}},
		"empty":     {"a.rs", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, imports.Scan(imports.Language(test.file), []byte(test.content)))
		})
	}
	require.Empty(t, imports.Language("a.txt"))
	require.Equal(t, "C", imports.Language("X.H"))
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{"use a::{{{b", "import (", "from", "require('", "#include <", "use \\", "<?php use {", "imports ", "'''", "/*", "`${", "/[", "'\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		for _, language := range imports.Languages() {
			names := imports.Scan(language, []byte(content))
			if !slices.IsSorted(names) {
				t.Errorf("%s: %q is not sorted", language, names)
			}
			for _, name := range names {
				if name == "" || !utf8.ValidString(name) || strings.Contains(name, "\x00") {
					t.Errorf("%s: %q", language, name)
				}
			}
		}
	})
}

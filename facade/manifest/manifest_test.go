package manifest_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"augur/facade/manifest"
)

func TestReadsManifests(t *testing.T) {
	t.Parallel()
	for file, test := range map[string]struct {
		content string
		want    []string
	}{
		"requirements.txt": {
			"\ufeff# note\nDjango_X[a,b]>=2,<3 ; python_version > '3' # why\nflask\n-r other.txt\n--hash=x\nurl @ https://x/y.whl\nlong==1 \\\n  --hash=sha256:1\ngit+https://x/y\r\n~~~\n",
			[]string{"PYPI django-x >=2,<3 runtime", "PYPI flask  runtime", "PYPI url @ https://x/y.whl runtime", "PYPI long ==1 runtime"},
		},
		"requirements/dev.txt": {"pytest\n", []string{"PYPI pytest  develop"}},
		"setup.py":             {"setup(install_requires=['a>=1', \"b\", # 'no'\n], tests_require=['c'], x=['no'])", []string{"PYPI a >=1 runtime", "PYPI b  runtime", "PYPI c  develop"}},
		"pyproject.toml": {
			"[build-system]\nrequires=['hatchling']\n[project]\ndependencies=['a~=1.0', 3]\n[project.optional-dependencies]\ntest=['t']\nfast=['f']\n[dependency-groups]\nx=['g',{include-group='y'}]\n" +
				"[tool.poetry.dependencies]\npython='^3'\np={version='^2', optional=true}\nq={git='x'}\n[tool.poetry.group.dev.dependencies]\nd='*'\n",
			[]string{"PYPI a ~=1.0 runtime", "PYPI f  optional", "PYPI t  develop", "PYPI g  develop", "PYPI hatchling  build", "PYPI p ^2 optional", "PYPI d * develop"},
		},
		"Pipfile": {"[packages]\na='*'\n[dev-packages]\nb={version='==1'}\n", []string{"PYPI a * runtime", "PYPI b ==1 develop"}},
		"web/package.json": {
			`{"dependencies":{"b":"^1","a":"npm:@s/r@~2","n":5,"w":"workspace:*","g":"git+https://x"},"devDependencies":{"c":"latest"},"optionalDependencies":[],"x":{"dependencies":{"no":"1"}}}`,
			[]string{"NPM @s/r ~2 runtime", "NPM b ^1 runtime", "NPM c latest develop"},
		},
		"go.mod": {
			"module m\ngo 1.22\nrequire a.b/c v1.2.3\nrequire d.e/f v0.1.0 // indirect\nrequire g.h/i v1.0.0\nreplace g.h/i => ../i\nrequire j.k/l v1.0.0\nreplace j.k/l => m.n/o v2.0.0+incompatible\n",
			[]string{"GO a.b/c v1.2.3 runtime", "GO d.e/f v0.1.0 indirect", "GO m.n/o v2.0.0+incompatible runtime"},
		},
		"Cargo.toml": {
			"[dependencies]\na='1'\nb={version='2',optional=true}\nc={path='x'}\nd={package='real',version='3'}\n[dev-dependencies]\ne='4'\n[target.'cfg(unix)'.dependencies]\nf='5'\n[workspace.dependencies]\ng='6'\n",
			[]string{"CARGO a 1 runtime", "CARGO b 2 optional", "CARGO real 3 runtime", "CARGO e 4 develop", "CARGO g 6 runtime", "CARGO f 5 runtime"},
		},
		"pom.xml": {
			`<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE x [<!ENTITY a "aaaa">]><project xmlns="http://maven.apache.org/POM/4.0.0"><groupId>g</groupId><version>9</version><properties><v>1.${w}</v><w>2</w><loop>${loop}</loop></properties>
			<dependencyManagement><dependencies><dependency><groupId>m</groupId><artifactId>n</artifactId><version>7</version></dependency></dependencies></dependencyManagement>
			<dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId><version>${v}</version><scope>test</scope></dependency><dependency><groupId>m</groupId><artifactId>n</artifactId></dependency>
			<dependency><groupId>${project.groupId}</groupId><artifactId>x</artifactId><version>${project.version}</version></dependency><dependency><groupId>l</groupId><artifactId>l</artifactId><version>${loop}</version></dependency></dependencies></project>`,
			[]string{"MAVEN a:b 1.2 develop", "MAVEN m:n 7 runtime", "MAVEN g:x 9 runtime", "MAVEN l:l  runtime"},
		},
		"Gemfile": {
			"source 'https://x'\ngem 'rails', '~> 7.0', '>= 7.0.1' # note\ngroup :development, :test do\n  gem \"rspec\"\n  if x\n    gem 'y'\n  end\nend\ngem 'a', github: 'x/y'\ngem 'b', group: :test\ngem 'last'\n",
			[]string{"RUBYGEMS rails ~> 7.0, >= 7.0.1 runtime", "RUBYGEMS rspec  develop", "RUBYGEMS y  develop", "RUBYGEMS b  develop", "RUBYGEMS last  runtime"},
		},
		"composer.json": {`{"require":{"php":">=8","A/b":"^1","ext-json":"*"},"require-dev":{"c/d":"2.*"}}`, []string{"COMPOSER a/b ^1 runtime", "COMPOSER c/d 2.* develop"}},
		"x/y.csproj": {
			"\ufeff<Project><ItemGroup><PackageReference Include=\"A.B\" Version=\"1.0\"/><PackageReference Include=\"C\"><Version>2.*</Version></PackageReference><PackageReference Include=\"D\" Version=\"$(V)\"/></ItemGroup></Project>",
			[]string{"NUGET A.B 1.0 runtime", "NUGET C 2.* runtime", "NUGET D  runtime"},
		},
		"packages.config": {`<packages><package id="A" version="1.2.3" developmentDependency="true"/></packages>`, []string{"NUGET A [1.2.3] develop"}},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			require.True(t, manifest.Known(file))
			found, err := manifest.Parse(file, []byte(test.content))
			require.NoError(t, err)
			var got []string
			for _, d := range found {
				got = append(got, fmt.Sprintf("%s %s %s %s", d.Manager, d.Name, d.Requirement, d.Type))
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestKnowsWhatIsNoManifestOfTheProject(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"node_modules/a/package.json", "a/vendor/b/go.mod", "package-lock.json", "notes.txt", "setup.pyc", "requirements.md"} {
		require.False(t, manifest.Known(name), name)
	}
}

func TestHostileManifestsAreErrors(t *testing.T) {
	t.Parallel()
	deep := 100_000
	for file, content := range map[string]string{
		"package.json":   strings.Repeat(`{"dependencies":`, deep),
		"composer.json":  strings.Repeat("[", deep),
		"pyproject.toml": "a=" + strings.Repeat("[", 8_000_000),
		"pom.xml":        "<project>" + strings.Repeat("<dependencies>", 1000),
		"go.mod":         "require (",
	} {
		_, err := manifest.Parse(file, []byte(content))
		require.Error(t, err, file)
	}
}

func FuzzParse(f *testing.F) {
	names := []string{"requirements.txt", "setup.py", "pyproject.toml", "Pipfile", "package.json", "go.mod", "Cargo.toml", "pom.xml", "Gemfile", "composer.json", "a.csproj"}
	for i, seed := range []string{"a[b>=1;", "install_requires=['", "[project]\ndependencies=['a']", "[packages]\na={}", `{"dependencies":{"a":"npm:"}}`, "require a v1", "[dependencies]\na=1", "<project><version>${a}", "gem 'a', 'b'\nend", `{"require":{"a/b":1}}`, "<Project><ItemGroup>"} {
		f.Add(i, seed)
	}
	f.Fuzz(func(t *testing.T, which int, content string) {
		found, _ := manifest.Parse(names[uint(which)%uint(len(names))], []byte(content))
		for _, d := range found {
			if d.Name == "" || d.Type == "" || d.Manager == "" || !utf8.ValidString(d.Name+d.Requirement) || strings.ContainsRune(d.Name+d.Requirement, 0) {
				t.Errorf("%+q", d)
			}
		}
	})
}

package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Effect tells when a change of a setting takes effect.
type Effect string

// The times at which a change can take effect.
const (
	AtOnce   Effect = "at once"
	NextTick Effect = "next tick" // when the monitor looks again: Tasks.collection_interval
	NextTask Effect = "next task" // tasks that run already go on with what they started with
	Restart  Effect = "restart"   // of the backend
)

// Setting describes one key of a section: what its struct field says about it.
type Setting struct {
	Section string
	Name    string
	// Type is the type of a new row: str, int, float or bool.
	Type string
	// Default is the text of a new row.
	Default string
	Effect  Effect
	// Unused says why nothing reads the setting; empty means that something does.
	Unused string
	// Secret values are never shown.
	Secret bool

	index []int        // of the field in its struct
	goes  reflect.Type // of the field
	unit  time.Duration
	rng   bounds
	words []string
}

// Path is the name that messages use: Section.setting.
func (s Setting) Path() string { return s.Section + "." + s.Name }

// Section is a struct type and what its tags say: the part of one section of the table that one package reads.
type Section struct {
	name     string
	goes     reflect.Type
	settings []Setting
	defaults reflect.Value
}

// Name is the section_name in the table.
func (s Section) Name() string { return s.name }

// Settings lists the keys in the order of the struct.
func (s Section) Settings() []Setting { return slices.Clone(s.settings) }

// NewSection reflects T, a struct with the tags that the package comment lists. It panics when T is not one: that is a programmer's mistake.
// T may have a method Validate() error for what concerns several settings or needs more than a range. Its error is one error, or several
// joined with [errors.Join], of the form `Section.setting: reason`: that setting is the one that falls back.
func NewSection[T any](name string) Section {
	typ := reflect.TypeFor[T]()
	if typ.Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: section %s: %s is no struct", name, typ))
	}
	s := Section{name: name, goes: typ, defaults: reflect.New(typ).Elem()}
	common := reflect.StructTag("")
	for field := range typ.Fields() {
		if field.Name == "_" && field.Tag.Get("section") != "" {
			common = field.Tag
		}
	}
	if tagged := common.Get("section"); tagged != "" && tagged != name {
		panic(fmt.Sprintf("config: section %s: the tag of %s says %s", name, typ, tagged))
	}
	for field := range typ.Fields() {
		key, ok := field.Tag.Lookup("setting")
		if !ok {
			continue
		}
		setting := newSetting(name, key, field, common)
		if err := setting.set(s.defaults.FieldByIndex(setting.index), setting.Default); err != nil {
			panic(fmt.Sprintf("config: default of %s %v", setting.Path(), err))
		}
		setting.Default = setting.render(s.defaults.FieldByIndex(setting.index))
		s.settings = append(s.settings, setting)
	}
	if err := validate(s.defaults); err != nil {
		panic(fmt.Sprintf("config: defaults of section %s: %v", name, err))
	}
	return s
}

func newSetting(section, key string, field reflect.StructField, common reflect.StructTag) Setting {
	tag := field.Tag
	s := Setting{
		Section: section, Name: key, Type: tag.Get("type"), Default: tag.Get("default"), Effect: Effect(tag.Get("effect")),
		Unused: tag.Get("unused"), index: field.Index, goes: field.Type, words: strings.Fields(tag.Get("oneof")),
	}
	if s.Effect == "" {
		s.Effect = Effect(common.Get("effect"))
	}
	if tag.Get("restart") == "true" {
		s.Effect = Restart
	}
	if s.Unused == "" {
		s.Unused = common.Get("unused")
	}
	s.Secret = field.Type == reflect.TypeFor[Secret]()
	return s.complete(tag)
}

// complete fills in what follows from the field's type, and panics at tags that contradict it.
func (s Setting) complete(tag reflect.StructTag) Setting {
	fail := func(format string, args ...any) { panic("config: " + s.Path() + ": " + fmt.Sprintf(format, args...)) }
	if !slices.Contains([]Effect{AtOnce, NextTick, NextTask, Restart}, s.Effect) {
		fail("effect %q is none of at once, next tick, next task, restart", s.Effect)
	}
	if unit := tag.Get("unit"); unit != "" {
		d, err := time.ParseDuration(unit)
		if err != nil || d <= 0 || s.goes != reflect.TypeFor[time.Duration]() {
			fail("unit %q needs a time.Duration", unit)
		}
		s.unit = d
	}
	if s.Type == "" {
		s.Type = s.tableType()
	}
	if !slices.Contains([]string{typeStr, typeInt, typeFloat, typeBool}, s.Type) {
		fail("type %q is none of str, int, float, bool", s.Type)
	}
	rng, err := s.parseBounds(tag.Get("min"), tag.Get("max"))
	if err != nil {
		fail("range: %v", err)
	}
	s.rng = rng
	return s
}

// The types that the table knows.
const (
	typeStr   = "str"
	typeInt   = "int"
	typeFloat = "float"
	typeBool  = "bool"
)

func (s Setting) tableType() string {
	if s.unit > 0 {
		return typeInt
	}
	if s.goes == reflect.TypeFor[time.Duration]() || s.Secret || reflect.PointerTo(s.goes).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return typeStr
	}
	switch s.goes.Kind() {
	case reflect.String:
		return typeStr
	case reflect.Int, reflect.Int64:
		return typeInt
	case reflect.Float64:
		return typeFloat
	case reflect.Bool:
		return typeBool
	}
	panic("config: " + s.Path() + ": a setting cannot be of type " + s.goes.String())
}

// validate calls the Validate method of the struct, if it has one.
func validate(v reflect.Value) error {
	if validator, ok := reflect.TypeAssert[interface{ Validate() error }](v); ok {
		return validator.Validate()
	}
	return nil
}

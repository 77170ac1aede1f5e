package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"augur/db"
)

// maxFile is the largest file of settings that is read.
const maxFile = 64 << 20

// AllJSON is the table as a JSON object of sections, each an object of settings and their stored texts, in the form that [Load] reads. Secrets are REDACTED,
// also those in URLs and in rows that nothing reads. Loaded again, REDACTED leaves a secret as it is.
func AllJSON(ctx context.Context, tx db.DBTX, reg *Registry) ([]byte, error) {
	return allJSON(ctx, tx, reg.shown)
}

// RevealJSON is [AllJSON] with the secrets in clear.
func RevealJSON(ctx context.Context, tx db.DBTX) ([]byte, error) {
	return allJSON(ctx, tx, func(_, _, value string) string { return value })
}

func allJSON(ctx context.Context, tx db.DBTX, show func(section, name, value string) string) ([]byte, error) {
	rows, err := readRows(ctx, tx, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]*string{}
	for _, r := range rows {
		if all[r.section] == nil {
			all[r.section] = map[string]*string{}
		}
		var value *string
		if !r.null {
			value = new(show(r.section, r.name, r.value))
		}
		all[r.section][r.name] = value
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(all); err != nil {
		return nil, fmt.Errorf("write settings as JSON: %w", err)
	}
	return out.Bytes(), nil
}

// Load replaces the table by a JSON object of sections, each an object of settings. A setting that is not in it has its default afterwards. Nothing is
// written unless all of it makes sense.
func Load(ctx context.Context, pool Beginner, reg *Registry, src io.Reader) (Report, error) {
	decoder := newDecoder(src)
	rows, err := decoder.sections()
	if err != nil {
		return Report{}, fmt.Errorf("read settings from JSON: %w", err)
	}
	return replaceRows(ctx, pool, reg, rows, func(key) bool { return true })
}

// AddSection replaces one section of the table by a JSON object of settings, or adds it.
func AddSection(ctx context.Context, pool Beginner, reg *Registry, section string, src io.Reader) (Report, error) {
	decoder := newDecoder(src)
	rows, err := decoder.settings(section)
	if err == nil {
		err = decoder.end()
	}
	if err != nil {
		return Report{}, fmt.Errorf("read settings of section %.200s from JSON: %w", section, err)
	}
	return replaceRows(ctx, pool, reg, rows, func(k key) bool { return k.section == section })
}

// replaceRows puts the rows in place of those that in covers.
func replaceRows(ctx context.Context, pool Beginner, reg *Registry, rows []row, in func(key) bool) (Report, error) {
	var warnings []string
	report, err := apply(ctx, pool, reg, func(e *edit) {
		for k := range e.before {
			if in(k) {
				e.drop(k)
			}
		}
		for _, r := range rows {
			if setting, known := reg.Setting(r.section, r.name); known {
				r.value, r.typ = setting.fromJSON(r), setting.Type
			}
			e.set(r)
			warnings = append(warnings, reg.warnings(r.section, r.name)...)
		}
	})
	if err != nil {
		return Report{}, err
	}
	report.Warnings = warnings
	return report, nil
}

// fromJSON is the text of a value whose type was JSON's: true is 1 where the table has switches of 0 and 1.
func (s Setting) fromJSON(r row) string {
	if r.typ != typeBool || s.Type != typeInt {
		return r.value
	}
	if r.value == "True" {
		return "1"
	}
	return "0"
}

// decoder reads settings from JSON. It reports what encoding/json passes over: a name that comes twice, and what follows the object.
type decoder struct{ json *json.Decoder }

func newDecoder(src io.Reader) decoder {
	d := decoder{json: json.NewDecoder(io.LimitReader(src, maxFile))}
	d.json.UseNumber()
	return d
}

func (d decoder) sections() ([]row, error) {
	var rows []row
	err := d.object("", func(section string) error {
		found, err := d.settings(section)
		rows = append(rows, found...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, d.end()
}

func (d decoder) settings(section string) ([]row, error) {
	var rows []row
	err := d.object(section, func(name string) error {
		r, err := d.value(row{section: section, name: name})
		rows = append(rows, r)
		return err
	})
	return rows, err
}

// object calls each for every name of an object; each reads the value.
func (d decoder) object(path string, each func(name string) error) error {
	if path == "" {
		path = "the file"
	}
	token, err := d.token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("%.200s: must be an object", path)
	}
	seen := map[string]bool{}
	for d.json.More() {
		token, err := d.token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if seen[name] {
			return fmt.Errorf("%.200s: has %.200q twice", path, name)
		}
		seen[name] = true
		if err := each(name); err != nil {
			return err
		}
	}
	_, err = d.token()
	return err
}

func (d decoder) value(r row) (row, error) {
	token, err := d.token()
	if err != nil {
		return r, err
	}
	switch v := token.(type) {
	case nil:
		r.null, r.typ = true, typeStr
	case string:
		r.value, r.typ = v, typeStr
	case json.Number:
		r.value, r.typ = v.String(), typeFloat
		if _, err := parseInt(r.value); err == nil {
			r.typ = typeInt
		}
	case bool:
		r.value, r.typ = "False", typeBool
		if v {
			r.value = "True"
		}
	default:
		return r, fmt.Errorf("%.200s: must be a text, a number, true, false or null", r.path())
	}
	return r, nil
}

func (d decoder) token() (json.Token, error) {
	token, err := d.json.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return token, err
}

func (d decoder) end() error {
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}

package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxValue is the longest value in characters that can have a meaning; queries cut what is longer.
	maxValue = 64 << 10
	// maxShown is how many bytes of a value a message quotes.
	maxShown = 80
)

// bounds are the range of a number, in the table's unit or as nanoseconds.
type bounds struct {
	min, max       float64
	minText        string
	maxText        string
	hasMin, hasMax bool
}

func (s Setting) parseBounds(low, high string) (bounds, error) {
	b := bounds{minText: low, maxText: high, hasMin: low != "", hasMax: high != ""}
	for _, bound := range []struct {
		text string
		to   *float64
	}{{low, &b.min}, {high, &b.max}} {
		if bound.text == "" {
			continue
		}
		n, err := s.number(bound.text)
		if err != nil {
			return b, err
		}
		*bound.to = n
	}
	return b, nil
}

// number is the value as a number that can be compared with the range.
func (s Setting) number(text string) (float64, error) {
	if s.isGoDuration() {
		d, err := time.ParseDuration(text)
		return float64(d), err
	}
	return strconv.ParseFloat(text, 64)
}

func (s Setting) isGoDuration() bool {
	return s.goes == reflect.TypeFor[time.Duration]() && s.unit == 0
}

func (b bounds) check(n float64) error {
	switch {
	case b.hasMin && b.hasMax && (n < b.min || n > b.max):
		return fmt.Errorf("must be from %s to %s", b.minText, b.maxText)
	case b.hasMin && n < b.min:
		return fmt.Errorf("must be at least %s", b.minText)
	case b.hasMax && n > b.max:
		return fmt.Errorf("must be at most %s", b.maxText)
	}
	return nil
}

// set gives the field the value that the table has as text. Surrounding blanks do not count. The error is a phrase such as
// `must be a whole number (got "abc")`; it never quotes a secret.
func (s Setting) set(field reflect.Value, text string) error {
	if utf8.RuneCountInString(text) > maxValue {
		return fmt.Errorf("must be at most %d characters long", maxValue)
	}
	text = strings.TrimSpace(text)
	unmarshaler, structured := reflect.TypeAssert[encoding.TextUnmarshaler](field.Addr())
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || !structured && strings.ContainsFunc(text, unicode.IsControl) {
		return s.refuse(errors.New("must be UTF-8 text without control characters"), text)
	}
	if s.Secret {
		field.Set(reflect.ValueOf(NewSecret(text)))
		return nil
	}
	if structured {
		return unmarshaler.UnmarshalText([]byte(text))
	}
	if err := s.setBasic(field, text); err != nil {
		return s.refuse(err, text)
	}
	return nil
}

func (s Setting) refuse(reason error, text string) error {
	if s.Secret {
		return reason
	}
	return fmt.Errorf("%w (got %s)", reason, quote(text))
}

func (s Setting) setBasic(field reflect.Value, text string) error {
	if field.Type() == reflect.TypeFor[time.Duration]() {
		return s.setDuration(field, text)
	}
	switch field.Kind() {
	case reflect.Bool:
		return s.setBool(field, text)
	case reflect.Int, reflect.Int64:
		n, err := parseInt(text)
		if err != nil {
			return err
		}
		field.SetInt(n)
		return s.rng.check(float64(n))
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return errors.New("must be a number")
		}
		field.SetFloat(n)
		return s.rng.check(n)
	default:
		return s.setString(field, text)
	}
}

func (s Setting) setDuration(field reflect.Value, text string) error {
	if s.unit > 0 {
		n, err := parseInt(text)
		if err != nil {
			return err
		}
		if n > math.MaxInt64/int64(s.unit) || n < math.MinInt64/int64(s.unit) {
			return errors.New("is out of range")
		}
		field.SetInt(n * int64(s.unit))
		return s.rng.check(float64(n))
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("must be a duration such as 90s or 2h")
	}
	field.SetInt(int64(d))
	return s.rng.check(float64(d))
}

// setBool reads a switch of 0 and 1, or a bool. Augur takes every text but "false" for true. Here "true" and "false" and the other usual words for true
// are values, and the rest is a mistake: "0" and "no" too, because Augur and a person read them differently.
func (s Setting) setBool(field reflect.Value, text string) error {
	if s.Type == typeInt {
		if text != "0" && text != "1" {
			return errors.New("must be 0 or 1")
		}
		field.SetBool(text == "1")
		return nil
	}
	switch strings.ToLower(text) {
	case "true", "t", "yes", "y", "on", "1":
		field.SetBool(true)
	case "false":
		field.SetBool(false)
	default:
		return errors.New("must be True or False")
	}
	return nil
}

func (s Setting) setString(field reflect.Value, text string) error {
	if len(s.words) == 0 {
		field.SetString(text)
		return nil
	}
	for _, word := range s.words {
		if strings.EqualFold(word, text) {
			field.SetString(word)
			return nil
		}
	}
	return errors.New("must be one of " + strings.Join(s.words, ", "))
}

// render is the text of the field's value in the table, and the inverse of set.
func (s Setting) render(field reflect.Value) string {
	if secret, ok := reflect.TypeAssert[Secret](field); ok {
		return secret.Reveal()
	}
	if d, ok := reflect.TypeAssert[time.Duration](field); ok {
		if s.unit > 0 {
			return strconv.FormatInt(int64(d/s.unit), 10)
		}
		return durationText(d)
	}
	if marshaler, ok := reflect.TypeAssert[encoding.TextMarshaler](field); ok {
		if text, err := marshaler.MarshalText(); err == nil {
			return string(text)
		}
	}
	switch v := field.Interface().(type) {
	case bool:
		return s.renderBool(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(field.Interface())
}

func (s Setting) renderBool(v bool) string {
	switch {
	case s.Type == typeInt && v:
		return "1"
	case s.Type == typeInt:
		return "0"
	case v:
		return "True"
	}
	return "False"
}

// durationText is 2h where time.Duration says 2h0m0s.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func parseInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, errors.New("is out of range")
	}
	if err != nil {
		return 0, errors.New("must be a whole number")
	}
	return n, nil
}

// checkType tells whether a text can be of the table's type; it is all that can be asked of a setting that no struct knows.
func checkType(typ, text string) error {
	s := Setting{Type: typ}
	var field reflect.Value
	switch typ {
	case typeInt:
		field = reflect.New(reflect.TypeFor[int64]()).Elem()
	case typeFloat:
		field = reflect.New(reflect.TypeFor[float64]()).Elem()
	case typeBool:
		field = reflect.New(reflect.TypeFor[bool]()).Elem()
	default:
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return errors.New("must be UTF-8 text")
		}
		return nil
	}
	s.goes = field.Type()
	return s.set(field, text)
}

// quote shows a value in a message: escaped, cut, and without the passwords of URLs.
func quote(text string) string {
	text = hidePasswords(text)
	if len(text) <= maxShown {
		return strconv.Quote(text)
	}
	cut := maxShown
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return fmt.Sprintf("%q...", text[:cut])
}

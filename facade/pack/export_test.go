package pack

// What the tests of foreign bytes reach without a file.

// Inflate is inflate of a new inflater.
func Inflate(out, in []byte) error { return new(inflater).inflate(out, in) }

// Apply makes what a delta with its sizes makes of a base; false when it does not fit.
func Apply(base, delta []byte, limit int) ([]byte, bool) {
	baseSize, size, instructions, ok := deltaSizes(delta)
	if !ok || baseSize != len(base) || size > limit {
		return nil, false
	}
	out := make([]byte, size)
	return out, apply(out, base, instructions)
}

// ParseIndex and ParseMulti only tell whether their input is good, and look one hash up.
func ParseIndex(raw []byte, h Hash) error {
	x, err := parseIndex(raw)
	if err == nil {
		x.find(h)
	}
	return err
}

// ParseMulti is ParseIndex for a multi-pack-index.
func ParseMulti(raw []byte, h Hash) error {
	m, err := parseMulti(raw)
	if err == nil {
		m.find(h)
	}
	return err
}

// Entry reads the entry at an offset of a pack of any bytes.
func Entry(pack []byte, offset int64, limit int) (Kind, []byte, error) {
	r := NewReader(limit, limit)
	o, err := r.entry(&file{name: "pack", data: pack}, offset)
	if err != nil {
		return 0, nil, err
	}
	return o.Kind, o.Data, nil
}

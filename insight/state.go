package insight

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// stateVersion is the first byte of a stored state. It goes up whenever the detector would judge differently.
const stateVersion = 1

// ErrState says that a stored state is not one that this program can go on from: it is from another version, or damaged. The series has to be
// replayed.
var ErrState = errors.New("not a state of this detector")

// MarshalBinary is the state of the detector, without its options. Going on from it gives the same as a replay of all days.
func (d *Detector) MarshalBinary() ([]byte, error) {
	data := []byte{stateVersion}
	data = binary.LittleEndian.AppendUint64(data, uint64(d.next.Unix())) //nolint:gosec // read back as it was
	data, err := binary.Append(data, binary.LittleEndian, &d.state)
	if err != nil {
		return nil, fmt.Errorf("encode the state of a detector: %w", err)
	}
	data = appendList(data, d.start)
	for i := range d.past {
		data = appendList(data, d.past[i].recent)
	}
	return data, nil
}

// UnmarshalBinary takes up a state; the options stay. It returns an [ErrState] when the bytes are no state.
func (d *Detector) UnmarshalBinary(data []byte) error {
	if len(data) < 9 || data[0] != stateVersion {
		return ErrState
	}
	read := Detector{options: d.options, next: time.Unix(int64(binary.LittleEndian.Uint64(data[1:])), 0).UTC()} //nolint:gosec // written as it was
	r := bytes.NewReader(data[9:])
	if err := binary.Read(r, binary.LittleEndian, &read.state); err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	var err error
	if read.start, err = readList[float64](r, warmUp); err != nil {
		return err
	}
	for i := range read.past {
		if read.past[i].recent, err = readList[float32](r, yearDays); err != nil {
			return err
		}
		read.past[i].sorted = slices.Clone(read.past[i].recent)
		slices.Sort(read.past[i].sorted)
	}
	switch s := &read.state; {
	case r.Len() > 0, s.Days < 0, s.Days > math.MaxInt32, s.Zeros < 0, s.Zeros > s.Days,
		s.Days < warmUp && int64(len(read.start)) != s.Days, s.Days >= warmUp && (len(read.start) > 0 || !(s.B > 0)):
		return ErrState
	}
	*d = read
	return nil
}

func appendList[T float32 | float64](data []byte, list []T) []byte {
	data = binary.LittleEndian.AppendUint16(data, uint16(len(list))) //nolint:gosec // at most yearDays
	for _, value := range list {
		switch value := any(value).(type) {
		case float32:
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(value))
		case float64:
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(value))
		}
	}
	return data
}

func readList[T float32 | float64](r *bytes.Reader, most int) ([]T, error) {
	var length uint16
	if err := binary.Read(r, binary.LittleEndian, &length); err != nil || int(length) > most {
		return nil, ErrState
	}
	list := make([]T, length)
	if err := binary.Read(r, binary.LittleEndian, list); err != nil {
		return nil, ErrState
	}
	if slices.ContainsFunc(list, func(value T) bool { return most == yearDays && math.IsNaN(float64(value)) }) {
		return nil, ErrState
	}
	return list, nil
}

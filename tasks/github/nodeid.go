package github

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
)

// numberOfNode is the number that REST knows an item by, read out of its id in GraphQL. GitHub calls these ids opaque, so it only fills a column, and the id itself
// is what tells items apart. 0 means that it cannot be read.
//
// Newer ids are a prefix, then base64url of a MessagePack array whose last element is the number. Older ones are base64 of the type's length, its name and the number.
func numberOfNode(id string) int64 {
	if _, payload, ok := strings.Cut(id, "_"); ok { // the payload may hold another underscore
		packed, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
		if err != nil {
			return 0
		}
		return lastNumber(packed)
	}
	text, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return 0
	}
	end := len(text)
	begin := end
	for begin > 0 && text[begin-1] >= '0' && text[begin-1] <= '9' {
		begin--
	}
	if !strings.HasPrefix(string(text), "0") || !strings.Contains(string(text[:begin]), ":") {
		return 0
	}
	number, err := strconv.ParseInt(string(text[begin:end]), 10, 64)
	if err != nil {
		return 0
	}
	return number
}

// lastNumber is the last element of a MessagePack array of positive numbers; 0 when it is something else.
func lastNumber(packed []byte) int64 {
	if len(packed) == 0 || packed[0]&0xf0 != 0x90 {
		return 0
	}
	var last uint64
	elements := int(packed[0] & 0x0f)
	rest := packed[1:]
	for range elements {
		if len(rest) == 0 {
			return 0
		}
		size := 0
		switch head := rest[0]; {
		case head < 0x80: // a positive fixint
			last = uint64(head)
		case head >= 0xcc && head <= 0xcf: // uint of 8, 16, 32, 64 bits
			size = 1 << (head - 0xcc)
			if len(rest) < 1+size {
				return 0
			}
			var wide [8]byte
			copy(wide[8-size:], rest[1:1+size])
			last = binary.BigEndian.Uint64(wide[:])
		default:
			return 0
		}
		rest = rest[1+size:]
	}
	if elements == 0 || len(rest) > 0 || last > 1<<63-1 {
		return 0
	}
	return int64(last)
}

package population

// appendExceptionLine appends an exception's canonical line, without its line
// feed: a JSON object with key, attribute and outcome in this order and without
// spaces. Strings are UTF-8 verbatim but for the quotation mark, the backslash
// (each after a backslash) and characters below U+0020 (as \u00XX in small
// hexadecimal digits).
func appendExceptionLine(dst, key, attribute []byte, o Outcome) []byte {
	dst = append(dst, `{"key":`...)
	dst = appendJSONString(dst, key)
	dst = append(dst, `,"attribute":`...)
	dst = appendJSONString(dst, attribute)
	dst = append(dst, `,"outcome":"`...)
	dst = append(dst, o...)
	return append(dst, `"}`...)
}

func appendJSONString(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
